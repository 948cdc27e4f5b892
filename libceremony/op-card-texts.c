/*
 * Texts in the middle of a step (functions 2.3 steps 5 and 6, 2.4 step 4, 2.7 step 3, 2.10, 3.3).
 */
#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "libceremony/op-card.h"

#define FIELDS_MAX 2u

bool
tke_op_card_check_description(const char *text, GError **error)
{
    if (text == NULL || !tke_card_text_is_description(text)) {
        g_set_error(
            error, TKE_ERROR, TKE_ERROR_USAGE,
            _("“%s” is no description: up to 30 characters, letters, digits and signs of ASCII"),
            text != NULL ? text : "");
        return false;
    }
    return true;
}

bool
tke_op_card_check_name(const char *text, GError **error)
{
    if (text == NULL || !tke_card_text_is_name(text)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("“%s” is no name of an administrator: 1 to 30 letters, digits, blanks and "
                      "' ( ) + , - . / : = ?, no blank at either end"),
                    text != NULL ? text : "");
        return false;
    }
    return true;
}

static bool
check_text(TkeTextKind kind, const char *text, GError **error)
{
    return kind == TKE_TEXT_NAME ? tke_op_card_check_name(text, error)
                                 : tke_op_card_check_description(text, error);
}

/* out: where the answer to each field goes. */
static bool
ask(TkeOperation *op, const TkeTextPrompt *prompt, char *const *out, GError **error)
{
    char *answers[FIELDS_MAX] = { NULL, NULL };
    bool good = true;

    if (!tke_operation_ask_texts(op, prompt, answers, error)) {
        return false;
    }
    for (unsigned i = 0; good && i < prompt->n_fields; i++) {
        good = check_text(prompt->fields[i].kind, answers[i], error);
    }
    for (unsigned i = 0; i < prompt->n_fields; i++) {
        if (good) {
            g_strlcpy(out[i], answers[i], TKE_CARD_TEXT_MAX + 1);
        }
        g_free(answers[i]);
    }
    return good;
}

bool
tke_op_card_ask_texts(TkeOperation *op, const char *title, const char *why, const char *zone_label,
                      const char *card_label, TkeCardTexts *texts, GError **error)
{
    TkeTextField fields[FIELDS_MAX];
    char *out[FIELDS_MAX];
    TkeTextPrompt prompt = { .title = title, .why = why, .fields = fields };

    if (zone_label != NULL && !texts->zone_said) {
        out[prompt.n_fields] = texts->zone;
        fields[prompt.n_fields++] = (TkeTextField){ .word = "zone-description",
                                                    .label = zone_label,
                                                    .proposal = texts->zone };
    }
    if (!texts->card_said) {
        out[prompt.n_fields] = texts->card;
        fields[prompt.n_fields++] = (TkeTextField){ .word = "card-description",
                                                    .label = card_label,
                                                    .proposal = texts->card };
    }
    return prompt.n_fields == 0 || ask(op, &prompt, out, error);
}

bool
tke_op_card_ask_text(TkeOperation *op, const char *title, const char *why,
                     const TkeTextField *field, char out[static TKE_CARD_TEXT_MAX + 1],
                     GError **error)
{
    const TkeTextPrompt prompt = { .title = title, .why = why, .fields = field, .n_fields = 1 };
    char *const answers[] = { out };

    return ask(op, &prompt, answers, error);
}
