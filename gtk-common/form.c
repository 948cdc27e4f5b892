/*
 * Questions before a step, and their answers.
 */
#include "gtk-common/form.h"

#include <glib/gi18n.h>
#include <string.h>

#include "libsmartcard/card-identity.h"

static void
field_free(gpointer data)
{
    TkeUiField *field = data;

    g_free(field->id);
    g_free(field->label);
    g_free(field->mnemonic);
    g_free(field->text);
    g_strfreev(field->options);
    g_free(field->of);
    g_strfreev(field->texts);
    g_free(field);
}

TkeUiForm *
tke_ui_form_new(const char *headline, const char *why, const char *start)
{
    TkeUiForm *form = g_new0(TkeUiForm, 1);

    form->headline = g_strdup(headline);
    form->why = g_strdup(why);
    form->start = g_strdup(start);
    form->fields = g_ptr_array_new_with_free_func(field_free);
    return form;
}

void
tke_ui_form_free(TkeUiForm *form)
{
    if (form != NULL) {
        g_free(form->headline);
        g_free(form->why);
        g_free(form->start);
        g_ptr_array_unref(form->fields);
        g_free(form);
    }
}

static TkeUiField *
add(TkeUiForm *form, TkeUiFieldKind kind, const char *id, const char *label)
{
    TkeUiField *field = g_new0(TkeUiField, 1);

    field->kind = kind;
    field->id = g_strdup(id);
    field->label = g_strdup(label);
    g_ptr_array_add(form->fields, field);
    return field;
}

/* The label as it is read, and the mark of its key. */
static TkeUiField *
add_with_mnemonic(TkeUiForm *form, TkeUiFieldKind kind, const char *id, const char *label)
{
    g_autoptr(GString) plain = g_string_new(label);
    TkeUiField *field = NULL;

    g_string_replace(plain, "_", "", 1);
    field = add(form, kind, id, plain->str);
    field->mnemonic = g_strdup(label);
    return field;
}

void
tke_ui_form_add_description(TkeUiForm *form, const char *id, const char *label, const char *text)
{
    add_with_mnemonic(form, TKE_UI_FIELD_DESCRIPTION, id, label)->text =
        g_strdup(text != NULL ? text : "");
}

void
tke_ui_form_add_choice(TkeUiForm *form, const char *id, const char *label,
                       const char *const *options, unsigned chosen)
{
    TkeUiField *field = add_with_mnemonic(form, TKE_UI_FIELD_CHOICE, id, label);

    field->options = g_strdupv((char **) options);
    field->chosen = chosen;
}

void
tke_ui_form_add_description_of(TkeUiForm *form, const char *id, const char *label, const char *of,
                               const char *const *texts)
{
    TkeUiField *field = add_with_mnemonic(form, TKE_UI_FIELD_DESCRIPTION, id, label);
    unsigned chosen = tke_ui_form_get_chosen(form, of);

    field->of = g_strdup(of);
    field->texts = g_strdupv((char **) texts);
    field->text = g_strdup(tke_ui_form_get_text_of(form, id, chosen));
    form->change = true;
}

void
tke_ui_form_add_check(TkeUiForm *form, const char *id, const char *label)
{
    add(form, TKE_UI_FIELD_CHECK, id, label);
}

char *
tke_ui_form_escape(const char *text)
{
    g_autoptr(GString) escaped = g_string_new(text);

    g_string_replace(escaped, "_", "__", 0);
    return g_string_free(g_steal_pointer(&escaped), FALSE);
}

static const TkeUiField *
find(const TkeUiForm *form, const char *id)
{
    for (guint i = 0; i < form->fields->len; i++) {
        const TkeUiField *field = g_ptr_array_index(form->fields, i);

        if (strcmp(field->id, id) == 0) {
            return field;
        }
    }
    g_return_val_if_reached(NULL);
}

const char *
tke_ui_form_get_text(const TkeUiForm *form, const char *id)
{
    const TkeUiField *field = find(form, id);

    return field != NULL ? field->text : "";
}

unsigned
tke_ui_form_get_chosen(const TkeUiForm *form, const char *id)
{
    const TkeUiField *field = find(form, id);

    return field != NULL ? field->chosen : 0;
}

bool
tke_ui_form_get_checked(const TkeUiForm *form, const char *id)
{
    const TkeUiField *field = find(form, id);

    return field != NULL && field->checked;
}

const char *
tke_ui_form_get_text_of(const TkeUiForm *form, const char *id, unsigned chosen)
{
    const TkeUiField *field = find(form, id);

    return field != NULL && chosen < g_strv_length(field->texts) ? field->texts[chosen] : "";
}

char *
tke_ui_form_wrong_description(const char *label, const char *text)
{
    glong length = g_utf8_strlen(text, -1);

    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        if (g_ascii_iscntrl(*at)) {
            return g_strdup_printf(_("%s: line breaks and tabulators cannot stand there."), label);
        }
        if (*at < 0x20 || *at > 0x7E) {
            g_autofree char *bad = g_strndup(at, (gsize) (g_utf8_next_char(at) - at));

            return g_strdup_printf(_("%s: “%s” cannot stand there, only letters without accents, "
                                     "digits and signs of ASCII."),
                                   label, bad);
        }
    }
    return length <= TKE_CARD_TEXT_MAX
               ? NULL
               : g_strdup_printf(_("%s: %ld characters are too many, %u fit on the card."), label,
                                 length, (unsigned) TKE_CARD_TEXT_MAX);
}
