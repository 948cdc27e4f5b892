/*
 * Prompts in words and pictures (functions 2.2, look and wording of the windows).
 */
#include "gtk-common/prompt-text.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gtk-common/error-text.h"
#include "gtk-common/menu-words.h"

char *
tke_ui_prompt_text_picture(const TkePrompt *prompt)
{
    const char *hand = prompt->kind == TKE_PROMPT_INSERT_CARD ? "insert" : "pin";
    const char *card = "blank";
    unsigned reader = prompt->reader == 2 ? 2 : 1;

    if (prompt->kind == TKE_PROMPT_REMOVE_CARD) {
        return g_strdup_printf("remove-%u", reader);
    }
    if (prompt->wanted == TKE_WANTED_CA) {
        card = "ca";
    } else if (prompt->wanted == TKE_WANTED_EP11 || prompt->wanted == TKE_WANTED_ENROLLED) {
        card = "ep11";
    }
    return g_strdup_printf("%s-%s-%u", hand, card, reader);
}

static const char *
insert_why(const TkePrompt *prompt)
{
    switch (prompt->wanted) {
    case TKE_WANTED_CA:
        return g_strcmp0(prompt->purpose, "source") == 0
                   ? _("It hands its zone on to the backup. Both of its PINs are asked for.")
               : g_strcmp0(prompt->purpose, "backup-test") == 0
                   ? _("It shows that it can take the other one's place. Both of its PINs are "
                       "asked for.")
               : g_strcmp0(prompt->purpose, "change-pin") == 0
                   ? _("One of its PINs is changed; the other one is not asked for.")
                   : _("The zone's CA card must agree to this step, with both of its PINs.");
    case TKE_WANTED_BLANK_CA:
        return g_strcmp0(prompt->purpose, "backup-target") == 0
                   ? _("It becomes a CA card of the same zone, with two PINs of its own.")
                   : _("It becomes the CA card of a new zone.");
    case TKE_WANTED_NEW_EP11:
        return _("It joins the zone of the CA card in reader 1.");
    case TKE_WANTED_ENROLLED:
        return _("It gets its PIN and its description.");
    case TKE_WANTED_EP11:
        return _("The step is done on this card.");
    case TKE_WANTED_NONE:
    case TKE_WANTED_ANY:
    default:
        return _("Any card will do.");
    }
}

const char *
tke_ui_prompt_text_why(const TkePrompt *prompt)
{
    bool ca = prompt->wanted == TKE_WANTED_CA;

    switch (prompt->kind) {
    case TKE_PROMPT_ENTER_PIN:
        return !ca ? _("Six digits, then the green key. The program never sees them.")
               : prompt->pin == 2
                   ? _("Six digits, then the green key. The holder of the second PIN types them.")
                   : _("Six digits, then the green key. The holder of the first PIN types them.");
    case TKE_PROMPT_NEW_PIN:
        return _("Six digits and the green key, then the same once more. Both entries have 20 "
                 "seconds together.");
    case TKE_PROMPT_CHANGE_PIN:
        return _("Old PIN, new PIN, new PIN: six digits and the green key each.");
    case TKE_PROMPT_REMOVE_CARD:
        return _("The step goes on when the reader is empty.");
    case TKE_PROMPT_INSERT_CARD:
    default:
        return insert_why(prompt);
    }
}

/* What went wrong with an entry, and that it may be repeated. */
static const char *
entry_reason(const char *word)
{
    static const struct {
        const char *word;
        const char *text;
    } reasons[] = {
        { "wrong-pin", N_("That PIN was wrong.") },
        { "timeout",
          N_("The entry took longer than 20 seconds. Nothing changed, and no try was used "
             "up: type it again.") },
        { "differ", N_("The two new PINs differ. Nothing changed: type them again.") },
        { "length", N_("A PIN has exactly six digits. Nothing changed: type it again.") },
        { "equal", N_("The two PINs of a CA card must be different, six digits each. Nothing "
                      "changed: type another one.") },
    };

    for (guint i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (g_strcmp0(word, reasons[i].word) == 0) {
            return _(reasons[i].text);
        }
    }
    return NULL;
}

char *
tke_ui_prompt_text_reason(const TkePrompt *prompt)
{
    const char *text = entry_reason(prompt->reason_word);
    g_autofree char *reason = NULL;
    g_autofree char *advice = NULL;

    if (text != NULL || prompt->reason == NULL) {
        return g_strdup(text);
    }
    reason = tke_ui_error_text_sentence(prompt->reason);
    if (prompt->advice == NULL) {
        return g_steal_pointer(&reason);
    }
    advice = tke_ui_menu_words(prompt->advice);
    return g_strdup_printf("%s\n%s", reason, advice);
}

static bool
is_pin(const TkePrompt *prompt)
{
    return prompt->kind == TKE_PROMPT_ENTER_PIN || prompt->kind == TKE_PROMPT_NEW_PIN ||
           prompt->kind == TKE_PROMPT_CHANGE_PIN;
}

char *
tke_ui_prompt_text_time(const TkePrompt *prompt, unsigned seconds_left)
{
    g_autofree char *tries = NULL;

    if (!is_pin(prompt)) {
        return NULL;
    }
    if (prompt->kind == TKE_PROMPT_NEW_PIN) {
        return g_strdup_printf(_("%u:%02u left"), seconds_left / 60, seconds_left % 60);
    }
    tries = g_strdup_printf(ngettext("%u try left", "%u tries left", prompt->tries_left),
                            prompt->tries_left);
    return g_strdup_printf(_("%u:%02u left · %s"), seconds_left / 60, seconds_left % 60, tries);
}

char *
tke_ui_prompt_text_stop(const TkePrompt *prompt)
{
    return is_pin(prompt)
               ? g_strdup_printf(_("To stop, press the red key on reader %u."), prompt->reader)
           : prompt->kind == TKE_PROMPT_INSERT_CARD && prompt->reason == NULL &&
                   prompt->wanted != TKE_WANTED_ANY
               ? g_strdup(
                     _("Nothing happens? Insert the card once more, or identify the readers: it "
                       "may be in the other one."))
               : g_strdup("");
}

const char *
tke_ui_prompt_text_verb(const TkePlan *plan)
{
    if (g_strcmp0(plan->action, "last-try") == 0) {
        return _("_Use the last try");
    }
    if (strstr(plan->action, "delete") != NULL) {
        return _("_Delete");
    }
    if (plan->confirm_text != NULL) {
        return strstr(plan->action, "overwrite") != NULL || strstr(plan->action, "erase") != NULL
                   ? _("_Erase and initialize")
                   : _("_Go on");
    }
    return _("_Go on");
}
