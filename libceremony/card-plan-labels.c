/*
 * Labels of a planned card set: what is written on each card (functions 6.3).
 */
#include <glib/gi18n-lib.h>

#include "libceremony/card-plan.h"
#include "libceremony/csv.h"

#define REHEARSAL "REHEARSAL" /* not translated: functions 4.12 */
#define LINE_TO_WRITE_ON "______________________________"

char *
tke_card_plan_labels_text(const GPtrArray *set, bool rehearsal)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < set->len; i++) {
        const TkePlanCard *place = set->pdata[i];
        g_autofree char *label = tke_card_plan_label(place);
        g_autofree char *id = place->card != NULL ? tke_card_id_text(place->card->card_id)
                                                  : g_strdup("____-____-____-____");

        g_string_append_printf(text, "[ ] %-44s  %s\n    %s\n", label, id,
                               place->card != NULL ? place->card->description : LINE_TO_WRITE_ON);
        g_string_append_printf(text, _("    Holder: %s  Stored at: %s\n"),
                               place->holder != NULL ? place->holder : LINE_TO_WRITE_ON,
                               place->stored != NULL ? place->stored : LINE_TO_WRITE_ON);
        g_string_append_printf(text, "%s\n", rehearsal ? "    " REHEARSAL "\n" : "");
    }
    return g_string_free(text, FALSE);
}

static void
add_label(GString *text, const TkePlanCard *place, bool rehearsal)
{
    static const char *const kinds[] = {
        [TKE_PLAN_CARD_CA] = "CA",
        [TKE_PLAN_CARD_KEY] = "signature key",
        [TKE_PLAN_CARD_PART] = "key part",
        [TKE_PLAN_CARD_BOTH] = "signature key and key part",
    };
    g_autofree char *label = tke_card_plan_label(place);
    g_autofree char *id =
        place->card != NULL ? tke_card_id_text(place->card->card_id) : g_strdup("");
    g_autofree char *number = g_strdup_printf("%u", place->number);
    g_autofree char *backup = g_strdup_printf("%u", place->backup);

    if (rehearsal) {
        tke_csv_append(text, REHEARSAL, false);
    }
    tke_csv_append(text, label, false);
    tke_csv_append(text, kinds[place->kind], false);
    tke_csv_append(text, number, false);
    tke_csv_append(text, backup, false);
    tke_csv_append(text, id, false);
    tke_csv_append(text, place->card != NULL ? place->card->description : "", false);
    tke_csv_append(text, tke_card_plan_is_made(place) ? "yes" : "no", false);
    tke_csv_append(text, place->step == TKE_PLAN_DONE ? "yes" : "no", false);
    tke_csv_append(text, place->holder != NULL ? place->holder : "", false);
    tke_csv_append(text, place->stored != NULL ? place->stored : "", true);
}

char *
tke_card_plan_labels_to_csv(const GPtrArray *set, bool rehearsal)
{
    GString *text = g_string_new(rehearsal ? REHEARSAL "," : "");

    g_string_append(text,
                    "label,kind,number,backup,card,description,made,checked,holder,stored at\r\n");
    for (guint i = 0; i < set->len; i++) {
        add_label(text, set->pdata[i], rehearsal);
    }
    return g_string_free(text, FALSE);
}
