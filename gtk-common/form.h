/*
 * TkeUiForm: what an officer is asked before a step begins, as a plain value: descriptions, one of several, some
 * of many. prompt-dialog shows it and fills in the answers.
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
    char *text;    /* of a description */
    char **options; /* of a choice */
    unsigned chosen;
    bool checked;
} TkeUiField;

typedef struct TkeUiForm {
    char *headline;
    char *why;    /* may be NULL */
    char *start;  /* on the button that goes on: a verb */
    bool gone;    /* what follows destroys something: the button says so */
    GPtrArray *fields;
} TkeUiForm;

TkeUiForm *tke_ui_form_new(const char *headline, const char *why, const char *start);
void tke_ui_form_free(TkeUiForm *form);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUiForm, tke_ui_form_free)

void tke_ui_form_add_description(TkeUiForm *form, const char *id, const char *label,
                                 const char *text);
void tke_ui_form_add_choice(TkeUiForm *form, const char *id, const char *label,
                            const char *const *options, unsigned chosen);
void tke_ui_form_add_check(TkeUiForm *form, const char *id, const char *label);

/* Answers. An id that the form does not have is a programming error. */
const char *tke_ui_form_get_text(const TkeUiForm *form, const char *id);
unsigned tke_ui_form_get_chosen(const TkeUiForm *form, const char *id);
bool tke_ui_form_get_checked(const TkeUiForm *form, const char *id);
