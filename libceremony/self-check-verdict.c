/*
 * The self-check as it is told: verdict, findings, remedies (F-002, F-009, F-011).
 */
#include <glib/gi18n-lib.h>

#include "libceremony/op-reader.h"
#include "libceremony/self-check.h"
#include "libsmartcard/reader.h"

static void
finding_free(gpointer data)
{
    TkeFinding *finding = data;

    g_free(finding->what);
    g_free(finding->remedy);
    g_free(finding->details);
    g_clear_error(&finding->error);
    g_free(finding);
}

void
tke_self_check_free(TkeSelfCheck *check)
{
    if (check != NULL) {
        g_ptr_array_unref(check->findings);
        g_free(check);
    }
}

static TkeSelfCheck *
self_check_new(void)
{
    TkeSelfCheck *check = g_new0(TkeSelfCheck, 1);

    check->findings = g_ptr_array_new_with_free_func(finding_free);
    check->ready = true;
    return check;
}

/* Takes the text. */
static TkeFinding *
add(TkeSelfCheck *check, TkeFindingKind kind, char *what)
{
    TkeFinding *finding = g_new0(TkeFinding, 1);

    finding->kind = kind;
    finding->what = what;
    g_ptr_array_add(check->findings, finding);
    check->ready = check->ready && kind != TKE_FINDING_BAD;
    return finding;
}

/* A reader that has a trouble is told as a problem. */
static void
add_reader(TkeSelfCheck *check, const TkeReaderCheck *reader, const GError *const cards[2])
{
    g_autofree char *name = tke_reader_dup_text(reader->reader);
    const GError *card = reader->number != 0 ? cards[reader->number - 1] : NULL;

    if (reader->trouble != NULL) {
        return;
    }
    add(check, TKE_FINDING_GOOD,
        reader->number != 0
            ? g_strdup_printf(_("Reader %u: %s, keypad takes PINs"), reader->number, name)
        : reader->alike ? g_strdup_printf(_("Reader without number: %s, keypad takes PINs"), name)
                        : g_strdup_printf(_("Further reader, not used: %s"), name));
    if (card != NULL) {
        add(check, TKE_FINDING_BAD, g_strdup(_("The card in it cannot be read")))->error =
            g_error_copy(card);
    }
}

/* How many are there at all: the others are told of one by one. */
static void
add_count(TkeSelfCheck *check, const GPtrArray *readers)
{
    unsigned n = 0;

    for (guint i = 0; i < readers->len; i++) {
        const TkeReaderCheck *reader = readers->pdata[i];

        n += reader->number != 0 || reader->alike ? 1 : 0;
    }
    if (n < TKE_READERS) {
        add(check, TKE_FINDING_BAD,
            g_strdup_printf(
                ngettext("%u reader found, two are needed", "%u readers found, two are needed", n),
                n))
            ->remedy = g_strdup(
            _("Plug in what is missing. If a reader is plugged in and not listed, its driver is "
              "missing: install the package libccid, and unplug and plug in the reader."));
    }
}

TkeSelfCheck *
tke_self_check_judge(const GPtrArray *checks, const GPtrArray *problems, unsigned good,
                     const GError *const cards[2])
{
    TkeSelfCheck *check = self_check_new();

    add(check, TKE_FINDING_GOOD, g_strdup(_("The smart card service answers")));
    for (guint i = 0; i < checks->len; i++) {
        add_reader(check, checks->pdata[i], cards);
    }
    for (guint i = 0; i < problems->len; i++) {
        const TkeProblem *problem = problems->pdata[i];
        TkeFinding *finding = add(check, problem->minor ? TKE_FINDING_MINOR : TKE_FINDING_BAD,
                                  g_strdup_printf("%s: %s", problem->subject, problem->text));

        finding->clause = true;
        finding->remedy = g_strdup(problem->remedy);
        finding->details = g_strdup(problem->details);
    }
    add_count(check, checks);
    check->ready = check->ready && good >= TKE_READERS;
    return check;
}

TkeSelfCheck *
tke_self_check_judge_failure(const GError *error)
{
    TkeSelfCheck *check = self_check_new();

    add(check, TKE_FINDING_BAD, g_strdup(_("The readers cannot be reached")))->error =
        g_error_copy(error);
    return check;
}
