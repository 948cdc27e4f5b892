/*
 * What is weak about a planned card set (functions 6.4), and its record (6.3, step 10).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/hex.h"
#include "libceremony/card-plan-notes.h"

#define REHEARSAL "REHEARSAL" /* not translated: functions 4.12 */
#define LINE_TO_WRITE_ON "______________________________"
#define BYTES_PER_LINE ((size_t) 16)

/* ---- advice ---- */

static void
say(GStrvBuilder *advice, bool weak, const char *text)
{
    if (weak) {
        g_strv_builder_add(advice, text);
    }
}

static void
check_numbers(GStrvBuilder *advice, const TkeCardPlanNotes *notes)
{
    const TkeCardPlanParams *params = &notes->params;
    unsigned n = params->administrators;

    say(advice, params->backups == 0,
        _("Without backups a lost or blocked card is lost for good: plan at least one of each."));
    say(advice, n == 1,
        _("One administrator alone can change the crypto units: two or more make dual control "
          "possible."));
    say(advice, notes->signatures > n || notes->revocations > n,
        _("More signatures are wanted than there are administrators: no command could be signed."));
    say(advice, n > 1 && notes->signatures == 1,
        _("One signature is enough for a command: two make dual control."));
    say(advice, n > 1 && notes->revocations == 1,
        _("One signature is enough to remove an administrator: two make dual control."));
    say(advice, n > 1 && notes->signatures == n,
        _("All administrators have to sign: if one of them is away, no command can be signed."));
    say(advice, params->together,
        _("Fewer cards, but each holder signs and keeps a part of the master key: separate cards "
          "for separate people are safer."));
}

static bool
same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Two cards of one person, or in one place. */
static void
check_pair(const TkePlanCard *a, const TkePlanCard *b, bool *parts, bool *roles, bool *together)
{
    bool same_holder = same(a->holder, b->holder);
    bool same_card = a->kind == b->kind && a->number == b->number;

    *parts = *parts || (same_holder && !same_card && a->kind == TKE_PLAN_CARD_PART &&
                        b->kind == TKE_PLAN_CARD_PART);
    *roles =
        *roles || (same_holder && a->kind == TKE_PLAN_CARD_KEY && b->kind == TKE_PLAN_CARD_PART);
    *together = *together || (same_card && same(a->stored, b->stored));
}

static void
check_people(GStrvBuilder *advice, const GPtrArray *set)
{
    bool parts = false;
    bool roles = false;
    bool together = false;

    for (guint i = 0; i < set->len; i++) {
        for (guint k = i + 1; k < set->len; k++) {
            check_pair(set->pdata[i], set->pdata[k], &parts, &roles, &together);
        }
    }
    say(advice, parts,
        _("One person holds two key parts of one master key: give each to another."));
    say(advice, roles,
        _("An administrator also holds a key part: other people for the two roles are safer."));
    say(advice, together,
        _("A card and its backup are kept in the same place: keep them in different ones."));
}

GStrv
tke_card_plan_notes_advice(const TkeCardPlanNotes *notes, const GPtrArray *set)
{
    g_autoptr(GStrvBuilder) advice = g_strv_builder_new();

    if (set->len == 0) {
        say(advice, true,
            _("On one card there can be a signature key and a key part only if there are as many "
              "administrators as key parts."));
        return g_strv_builder_end(advice);
    }
    check_numbers(advice, notes);
    check_people(advice, set);
    return g_strv_builder_end(advice);
}

/* ---- record ---- */

static void
add(GString *text, const char *label, const char *value)
{
    g_string_append_printf(text, "    %s: %s\n", label, value != NULL ? value : LINE_TO_WRITE_ON);
}

/* Read aloud and compared: in groups of four, on lines of their own. */
static void
add_hex(GString *text, const char *label, const uint8_t *bytes, size_t len)
{
    g_string_append_printf(text, "    %s:\n", label);
    for (size_t at = 0; at < len; at += BYTES_PER_LINE) {
        g_autofree char *hex = tke_hex_grouped(bytes + at, MIN(len - at, BYTES_PER_LINE), 4, ' ');

        g_string_append_printf(text, "        %s\n", hex);
    }
}

static void
add_made(GString *text, const TkeInventoryCard *card)
{
    g_autofree char *id = tke_card_id_text(card->card_id);
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(card->checked);
    g_autofree char *day = time != NULL ? g_date_time_format(time, "%x") : NULL;

    add(text, _("Card"), id);
    add(text, _("Description"), card->description);
    if (card->has_key) {
        add_hex(text, _("Key identifier"), card->ski, sizeof card->ski);
    }
    for (unsigned i = 0; i < card->n_parts; i++) {
        add_hex(text, _("Verification pattern"), card->patterns[i], TKE_VP_LEN);
    }
    add(text, _("Proved genuine"),
        card->suspect        ? _("NO")
        : card->checked != 0 ? day
                             : _("not yet"));
}

static void
add_card(GString *text, const TkePlanCard *place)
{
    g_autofree char *label = tke_card_plan_label(place);

    g_string_append_printf(text, "[%s] %s\n", place->step == TKE_PLAN_DONE ? "x" : " ", label);
    if (place->card != NULL) {
        add_made(text, place->card);
    }
    if (place->step != TKE_PLAN_DONE) {
        add(text, _("To be done"), tke_card_plan_step_text(place));
    }
    add(text, _("Holder"), place->holder);
    add(text, _("Stored at"), place->stored);
    g_string_append_c(text, '\n');
}

char *
tke_card_plan_notes_record(const TkeCardPlanNotes *notes, const GPtrArray *set, const char *day,
                           bool rehearsal)
{
    GString *text = g_string_new(rehearsal ? REHEARSAL "\n\n" : "");

    g_string_append_printf(text, _("Record of the card set, made on %s"), day);
    g_string_append(text, "\n\n");
    g_string_append_printf(text, _("Signatures of a command: %u of %u administrators"),
                           notes->signatures, notes->params.administrators);
    g_string_append_c(text, '\n');
    g_string_append_printf(text, _("Signatures to remove an administrator: %u of %u"),
                           notes->revocations, notes->params.administrators);
    g_string_append(text, "\n\n");
    for (guint i = 0; i < set->len; i++) {
        add_card(text, set->pdata[i]);
    }
    for (TkePlanTick tick = 0; tick < TKE_PLAN_TICKS; tick++) {
        g_string_append_printf(text, "[%s] %s\n",
                               tke_card_plan_notes_is_done(notes, set, tick) ? "x" : " ",
                               tke_card_plan_tick_text(tick));
    }
    g_string_append_c(text, '\n');
    for (unsigned i = 0; i < 3; i++) {
        g_string_append_printf(text, _("Witness: %s  Signature: %s\n"), LINE_TO_WRITE_ON,
                               LINE_TO_WRITE_ON);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}
