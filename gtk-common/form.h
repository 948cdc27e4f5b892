/*
 * TkeUiForm: what an officer is asked before a step begins, as a plain value: descriptions, one of
 * several, some of many. prompt-dialog shows it and fills in the answers.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    TKE_UI_FIELD_DESCRIPTION, /* 0 to 30 printable ASCII characters */
    TKE_UI_FIELD_CHOICE,      /* exactly one of the options */
    TKE_UI_FIELD_CHECK,       /* yes or no */
} TkeUiFieldKind;

typedef struct TkeUiField {
    TkeUiFieldKind kind;
    char *id;
    char *label;
    char *mnemonic; /* the label with the mark of its key; NULL: it has none */
    char *text;     /* of a description */
    char *of;       /* a description: id of the choice that it belongs to; NULL: none */
    char **texts;   /* what the description is now, for each option of that choice */
    char **options; /* of a choice */
    unsigned chosen;
    bool checked;
} TkeUiField;

typedef struct TkeUiForm {
    char *headline;
    char *why;   /* may be NULL */
    char *start; /* on the button that goes on: a verb */
    bool gone;   /* what follows destroys something: the button says so */
    bool change; /* what is asked for is a change: the button waits for one */
    GPtrArray *fields;
} TkeUiForm;

TkeUiForm *tke_ui_form_new(const char *headline, const char *why, const char *start);
void tke_ui_form_free(TkeUiForm *form);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUiForm, tke_ui_form_free)

/*
 * Labels of descriptions and choices have a mnemonic ("_Zone description"). Options and labels of
 * checks may have one: what is put into them goes through tke_ui_form_escape.
 */
void tke_ui_form_add_description(TkeUiForm *form, const char *id, const char *label,
                                 const char *text);
void tke_ui_form_add_choice(TkeUiForm *form, const char *id, const char *label,
                            const char *const *options, unsigned chosen);
/*
 * A description of what is chosen in a choice that was added before: shown is the one that the
 * chosen option has now (texts: one for each option), and the form is one of a change.
 */
void tke_ui_form_add_description_of(TkeUiForm *form, const char *id, const char *label,
                                    const char *of, const char *const *texts);
void tke_ui_form_add_check(TkeUiForm *form, const char *id, const char *label);

/* The text for a label with mnemonics, none of them its own; to be freed. */
char *tke_ui_form_escape(const char *text);

/* What keeps the text from being a description of this label, translated, to be freed; NULL:
 * nothing. */
char *tke_ui_form_wrong_description(const char *label, const char *text);

/* Answers. An id that the form does not have is a programming error. */
const char *tke_ui_form_get_text(const TkeUiForm *form, const char *id);
unsigned tke_ui_form_get_chosen(const TkeUiForm *form, const char *id);
bool tke_ui_form_get_checked(const TkeUiForm *form, const char *id);

/* What a description that belongs to a choice is while this option is chosen; borrowed. */
const char *tke_ui_form_get_text_of(const TkeUiForm *form, const char *id, unsigned chosen);
