/*
 * Backups of a CA card, as the activity log knows them (functions 2.2, P-5; F-170).
 */
#include "libceremony/known-copies.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "libceremony/log-entry.h"

/* True: it was among them. */
static bool
forget(GPtrArray *ids, const char *id)
{
    guint index = 0;
    bool found = false;

    while (id != NULL && g_ptr_array_find_with_equal_func(ids, id, g_str_equal, &index)) {
        g_ptr_array_remove_index(ids, index);
        found = true;
    }
    return found;
}

static void
remember(GPtrArray *ids, const char *id)
{
    if (id != NULL && !g_ptr_array_find_with_equal_func(ids, id, g_str_equal, NULL)) {
        g_ptr_array_add(ids, g_strdup(id));
    }
}

/* Its begin counts as if it were done, and so does an end that nobody knows, until the card is seen
 * with the same identifier: an erased one has another. */
static void
read_erase(GPtrArray *ids, GPtrArray *aside, const char *card, const char *result)
{
    const bool was_there = forget(ids, card);
    const bool was_aside = forget(aside, card);

    if ((g_strcmp0(result, "begun") == 0 || g_strcmp0(result, "unknown") == 0) &&
        (was_there || was_aside)) {
        remember(aside, card);
    } else if ((g_strcmp0(result, "failed") == 0 || g_strcmp0(result, "found") == 0) &&
               (was_there || was_aside)) {
        remember(ids, card);
    }
}

/* A backup of this card, or that it is one itself; or that a card was erased since. */
static void
read_line(TkeKnownCopies *copies, const char *id, const char *line)
{
    g_autoptr(JsonObject) object = tke_log_entry_parse(line);
    const char *action = object != NULL ? tke_log_entry_text(object, "action") : NULL;
    const char *card = object != NULL ? tke_log_entry_card(object, "card") : NULL;
    const char *source = object != NULL ? tke_log_entry_card(object, "source") : NULL;

    if (g_strcmp0(action, "opentke-card.erase") == 0) {
        const char *result = tke_log_entry_text(object, "result");

        read_erase(copies->to, copies->to_aside, card, result);
        read_erase(copies->from, copies->from_aside, card, result);
    } else if (g_strcmp0(action, "opentke-zone.backup") == 0 && g_strcmp0(card, source) != 0 &&
               g_strcmp0(tke_log_entry_text(object, "result"), "done") == 0) {
        if (g_strcmp0(source, id) == 0) {
            remember(copies->to, card);
        } else if (g_strcmp0(card, id) == 0) {
            remember(copies->from, source);
        }
    }
}

TkeKnownCopies *
tke_known_copies_read(TkeActivityLog *log, const uint8_t card_id[static TKE_CARD_ID_LEN])
{
    TkeKnownCopies *copies = g_new0(TkeKnownCopies, 1);
    g_autofree char *id = tke_card_id_text(card_id);
    g_auto(GStrv) lines = tke_activity_log_read(log, 0, NULL);

    copies->to = g_ptr_array_new_with_free_func(g_free);
    copies->from = g_ptr_array_new_with_free_func(g_free);
    copies->to_aside = g_ptr_array_new_with_free_func(g_free);
    copies->from_aside = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; lines != NULL && lines[i] != NULL; i++) {
        read_line(copies, id, lines[i]);
    }
    return copies;
}

void
tke_known_copies_free(TkeKnownCopies *copies)
{
    if (copies != NULL) {
        g_ptr_array_unref(copies->to);
        g_ptr_array_unref(copies->from);
        g_ptr_array_unref(copies->to_aside);
        g_ptr_array_unref(copies->from_aside);
        g_free(copies);
    }
}
