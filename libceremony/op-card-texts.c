/*
 * Descriptions in the middle of a step (functions 2.3 steps 5 and 6, 2.4 step 4, 2.7 step 3).
 */
#include "libceremony/op-card.h"

#include <glib.h>

bool
tke_op_card_ask_texts(TkeOperation *op, const char *title, const char *why, const char *zone_label,
                      const char *card_label, TkeCardTexts *texts, GError **error)
{
    const TkeTextField fields[] = {
        { .word = "card-description", .label = card_label, .proposal = texts->card },
        { .word = "zone-description", .label = zone_label, .proposal = texts->zone },
    };
    const TkeTextField both[] = { fields[1], fields[0] };
    const TkeTextPrompt prompt = { .title = title,
                                   .why = why,
                                   .fields = zone_label != NULL ? both : fields,
                                   .n_fields = zone_label != NULL ? 2 : 1 };
    char *answers[2] = { NULL, NULL };
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    if (!tke_operation_ask_texts(op, &prompt, answers, error)) {
        return false;
    }
    first = answers[0];
    second = answers[1];
    for (unsigned i = 0; i < prompt.n_fields; i++) {
        if (!tke_op_card_check_description(answers[i], error)) {
            return false;
        }
    }
    if (zone_label != NULL) {
        g_strlcpy(texts->zone, first, sizeof texts->zone);
    }
    g_strlcpy(texts->card, zone_label != NULL ? second : first, sizeof texts->card);
    return true;
}
