/*
 * From an error, or from what keeps a prompt waiting, to the step that helps (functions 2.2).
 */
#include "gtk-common/remedy.h"

#include <glib/gi18n.h>
#include <string.h>

#include "libsmartcard/card-error.h"

#define IDENTIFY N_("_Identify readers"), "app.readers-identify"
#define INFORMATION N_("Display card _information"), "app.card-info"
#define CHECK N_("C_heck readers…"), "app.readers-check"
#define AGAIN N_("_Try again")

/* Codes that are not here are tried again, and nothing else is offered. */
static const struct {
    int code;
    TkeUiRemedy remedy;
} errors[] = {
    { TKE_CARD_ERROR_NO_SERVICE, { AGAIN, CHECK } },
    { TKE_CARD_ERROR_NO_ACCESS, { AGAIN, CHECK } },
    { TKE_CARD_ERROR_NO_READER, { AGAIN, CHECK } },
    { TKE_CARD_ERROR_IN_USE, { AGAIN, CHECK } },
    { TKE_CARD_ERROR_NO_PIN_PAD, { AGAIN, CHECK } },
    { TKE_CARD_ERROR_NO_CARD, { AGAIN, IDENTIFY } },
    { TKE_CARD_ERROR_REMOVED, { AGAIN, INFORMATION } },
    { TKE_CARD_ERROR_RESET, { AGAIN, INFORMATION } },
    { TKE_CARD_ERROR_COMMUNICATION, { AGAIN, INFORMATION } },
    { TKE_CARD_ERROR_SILENT, { AGAIN, INFORMATION } },
    { TKE_CARD_ERROR_PROTOCOL, { AGAIN, INFORMATION } },
    { TKE_CARD_ERROR_NOT_ENROLLED, { NULL, N_("_Enroll the card"), "app.ep11-enroll" } },
    { TKE_CARD_ERROR_NOT_PERSONALISED,
      { NULL, N_("_Personalize the card"), "app.ep11-personalize" } },
    { TKE_CARD_ERROR_FULL, { AGAIN, N_("D_elete a key part"), "app.ep11-contents" } },
    { TKE_CARD_ERROR_PIN_FEW_TRIES, { NULL, N_("_Enter the other PIN"), "app.ca-enter" } },
    { TKE_CARD_ERROR_STATE, { NULL, NULL, NULL } },
    { TKE_CARD_ERROR_VERSION, { NULL, NULL, NULL } },
    { TKE_CARD_ERROR_NOT_GENUINE, { NULL, NULL, NULL } },
    { TKE_CARD_ERROR_CARD_KEYS, { NULL, NULL, NULL } },
};

static const char *
translated(const char *text)
{
    return text != NULL ? _(text) : NULL;
}

static TkeUiRemedy
translate(TkeUiRemedy remedy)
{
    return (TkeUiRemedy){ translated(remedy.again), translated(remedy.label), remedy.action };
}

/* An EP11 card gets its tries back; instead of a CA card its backup does the work (E-C09,
 * E-C10). */
static TkeUiRemedy
for_blocked(const GError *error)
{
    TkeCardErrorInfo info = { 0 };

    return tke_card_error_get_info(error, &info) && info.ca_card
               ? (TkeUiRemedy){ _("Go on with the _backup"), NULL, NULL }
               : (TkeUiRemedy){ NULL, _("_Unblock the card"), "app.ep11-unblock" };
}

TkeUiRemedy
tke_ui_remedy_for_error(const GError *error)
{
    int code = tke_card_error_code(error);

    if (code == TKE_CARD_ERROR_PIN_BLOCKED) {
        return for_blocked(error);
    }
    for (guint i = 0; i < G_N_ELEMENTS(errors); i++) {
        if (errors[i].code == code) {
            return translate(errors[i].remedy);
        }
    }
    return (TkeUiRemedy){ _(AGAIN), NULL, NULL };
}

static bool
says(const TkePrompt *prompt, const char *word)
{
    return g_strcmp0(prompt->reason_word, word) == 0;
}

TkeUiRemedy
tke_ui_remedy_for_prompt(const TkePrompt *prompt)
{
    static const TkeUiRemedy none = { NULL, NULL, NULL };
    static const TkeUiRemedy identify = { NULL, IDENTIFY };
    static const TkeUiRemedy init = { NULL, N_("_Make a zone on it"), "app.ca-init" };
    static const TkeUiRemedy enroll = { NULL, N_("_Enroll the card"), "app.ep11-enroll" };
    static const TkeUiRemedy describe = { NULL, N_("Change its _description"),
                                          "app.ep11-describe" };
    static const TkeUiRemedy personalize = { NULL, N_("_Personalize the card"),
                                             "app.ep11-personalize" };

    if (prompt->kind != TKE_PROMPT_INSERT_CARD || prompt->wanted == TKE_WANTED_ANY ||
        prompt->wanted == TKE_WANTED_NONE) {
        return none;
    }
    if (says(prompt, "not-enrolled")) {
        return translate(prompt->wanted == TKE_WANTED_CA ? init : enroll);
    }
    if (says(prompt, "not-blank") && prompt->wanted == TKE_WANTED_ENROLLED) {
        return translate(describe);
    }
    if (says(prompt, "not-personalised")) {
        return translate(personalize);
    }
    return prompt->reason_word == NULL || says(prompt, "absent") || says(prompt, "wrong-kind")
               ? translate(identify)
               : none;
}
