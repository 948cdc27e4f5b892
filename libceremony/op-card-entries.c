/*
 * Choosing entries of an EP11 card (functions 2.13; 3.3, copy smart card, step 3).
 */
#include "libceremony/op-card-entries.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/hex.h"

#define SIGNATURE_KEY 0u /* a place that no key part has */

typedef struct Entries {
    const TkeCardStatus *status;
    const TkeKeyPartList *list;
    bool chosen[TKE_EP11_PLACES + 1]; /* by place */
} Entries;

static char **
row_new(const char *entry, const char *description, const char *identifier)
{
    char **row = g_new0(char *, 4);

    row[0] = g_strdup(entry);
    row[1] = g_strdup(description);
    row[2] = g_strdup(identifier);
    return row;
}

static void
add_row(GPtrArray *rows, GArray *places, char **row, unsigned place)
{
    g_ptr_array_add(rows, row);
    g_array_append_val(places, place);
}

/* Rows for what is not chosen yet, and which places they stand for. */
static void
add_rest(const Entries *entries, GPtrArray *rows, GArray *places)
{
    if (entries->status->has_signature_key && !entries->chosen[SIGNATURE_KEY]) {
        g_autofree char *ski =
            tke_hex_grouped(entries->status->ski, sizeof entries->status->ski, 4, ' ');

        add_row(rows, places, row_new(_("signature key"), entries->status->admin_name, ski),
                SIGNATURE_KEY);
    }
    for (unsigned i = 0; i < entries->list->n; i++) {
        const TkeKeyPart *part = &entries->list->parts[i];
        g_autofree char *entry = g_strdup_printf(_("key part %u"), part->place);
        g_autofree char *pattern = tke_hex_grouped(part->vp, sizeof part->vp, 4, ' ');

        if (!entries->chosen[part->place]) {
            add_row(rows, places, row_new(entry, part->description, pattern), part->place);
        }
    }
}

static void
choose_all(Entries *entries)
{
    entries->chosen[SIGNATURE_KEY] = entries->status->has_signature_key;
    for (unsigned i = 0; i < entries->list->n; i++) {
        entries->chosen[entries->list->parts[i].place] = true;
    }
}

/* One question; first_row: what the first row says, which is the answer where nobody can be asked;
 * NULL: there is none. more: it was not that row, and there is something left. */
static bool
choose_one(TkeOperation *op, const TkeEntriesQuestion *question, const char *first_row,
           Entries *entries, bool *first, bool *more, GError **error)
{
    const char *const columns[] = { _("Entry"), _("Description"), _("Identifier"), NULL };
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(unsigned));
    TkeChoice choice = { .what = question->what,
                         .title = question->title,
                         .columns = columns,
                         /* what has no row for everything is chosen by people */
                         .default_row = first_row != NULL && question->everything != NULL ? 1 : 0 };
    unsigned index = 0;

    if (first_row != NULL) {
        add_row(rows, places, row_new(first_row, "", ""), SIGNATURE_KEY);
    }
    add_rest(entries, rows, places);
    choice.n_rows = rows->len;
    g_ptr_array_add(rows, NULL);
    choice.rows = (const char *const *const *) rows->pdata;
    if (!tke_operation_choose(op, &choice, &index, error)) {
        return false;
    }
    *first = first_row != NULL && index == 0;
    if (!*first) {
        entries->chosen[g_array_index(places, unsigned, index)] = true;
    }
    *more = !*first && choice.n_rows > (first_row != NULL ? 2u : 1u);
    return true;
}

static void
take_chosen(const Entries *entries, TkeTransferPlan *chosen)
{
    *chosen = (TkeTransferPlan){ .signature_key = entries->chosen[SIGNATURE_KEY] };
    for (unsigned place = 1; place <= TKE_EP11_PLACES; place++) {
        if (entries->chosen[place]) {
            chosen->places[chosen->n_places++] = (uint8_t) place;
        }
    }
}

bool
tke_op_card_choose_entries(TkeOperation *op, const TkeEntriesQuestion *question,
                           const TkeCardStatus *status, const TkeKeyPartList *list,
                           TkeTransferPlan *chosen, GError **error)
{
    Entries entries = { .status = status, .list = list };
    const char *first_row = question->everything;
    bool first = false;
    bool more = list->n + (status->has_signature_key ? 1u : 0u) > 1;

    if (!more) {
        choose_all(&entries);
    }
    while (more) {
        if (!choose_one(op, question, first_row, &entries, &first, &more, error)) {
            return false;
        }
        if (first && first_row == question->everything) {
            choose_all(&entries);
        }
        first_row = _("that is all");
    }
    take_chosen(&entries, chosen);
    return true;
}

bool
tke_op_card_has_ski(const TkeCardStatus *status, const char *digits)
{
    g_autofree char *ski = tke_hex_encode(status->ski, sizeof status->ski);
    g_autofree char *wanted = g_ascii_strdown(digits, -1);

    return status->has_signature_key && strlen(wanted) >= 8 && g_str_has_prefix(ski, wanted);
}
