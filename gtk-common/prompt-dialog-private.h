/*
 * What prompt-dialog.c (pages and buttons), prompt-dialog-view.c (what operations ask),
 * prompt-dialog-texts.c (for texts), prompt-dialog-working.c (what is being done) and
 * prompt-dialog-end.c (how it ended) share.
 */
#pragma once

#include "gtk-common/prompt-dialog.h"

typedef enum {
    TKE_UI_PAGE_WORKING,
    TKE_UI_PAGE_FORM,
    TKE_UI_PAGE_PROMPT,
    TKE_UI_PAGE_CONFIRM,
    TKE_UI_PAGE_CHOOSE,
    TKE_UI_PAGE_TEXTS,
    TKE_UI_PAGE_ERROR,
    TKE_UI_PAGE_STOPPED,
    TKE_UI_PAGE_SUMMARY,
} TkeUiPage;

struct _TkeUiPromptDialog {
    GtkWindow parent;
    const TkeUiPromptDialogFuncs *funcs;
    void *owner;
    TkeUiPage page;
    bool stopping;
    GSimpleActionGroup *actions;
    /* template */
    GtkWidget *banner, *picture, *headline, *reason, *why, *countdown_box, *countdown_bar;
    GtkWidget *countdown, *middle, *content, *consequence, *confirm_box, *confirm_label;
    GtkWidget *confirm_entry, *notes, *told, *told_notes, *steps, *details, *hint, *stop_button,
        *other_button, *primary_button;
    /* of the page */
    GtkWidget *form_grid; /* TKE_UI_PAGE_FORM, TKE_UI_PAGE_TEXTS */
    TkeUiForm *texts;     /* TKE_UI_PAGE_TEXTS: owned */
    GtkWidget *list;      /* TKE_UI_PAGE_CHOOSE */
    char *confirm_text;
    char *next_action;
    char *other_action;
    /* of the countdown */
    TkePrompt prompt; /* numbers only */
    gint64 until;
    guint tick;
    unsigned told_s; /* seconds left when they were told last */
    /* of the procedure */
    GPtrArray *step_names; /* char *: of all steps, as far as they are known */
    int step_now;          /* the one that has begun; -1: none */
    char *step_part;       /* what is being done of it; NULL: it says so itself */
    guint patience;        /* source; 0: nothing waits to be shown */
    char *what;            /* what is being done, TKE_UI_PAGE_WORKING */
    bool working_shown;    /* the page says so; until then the one before it stays */
    GString *note_text;
};

/* What every page begins with; the parts of the one before are gone. why may be NULL. */
void tke_ui_prompt_dialog_begin_page(TkeUiPromptDialog *dialog, TkeUiPage page, const char *picture,
                                     const char *headline, const char *why);

/* The buttons; NULL: not there. gone: the primary one destroys something. */
void tke_ui_prompt_dialog_set_buttons(TkeUiPromptDialog *dialog, const char *stop,
                                      const char *other, const char *primary, bool gone);

/* The action, detailed, that the button "other" starts; NULL: none. */
void tke_ui_prompt_dialog_set_other(TkeUiPromptDialog *dialog, const char *action);

/* A label with this text, or hidden. */
void tke_ui_prompt_dialog_set_label(GtkWidget *label, const char *text);

/* Adds a widget below the text. */
void tke_ui_prompt_dialog_add(TkeUiPromptDialog *dialog, GtkWidget *widget);

/* From now on: the focus stays on a button, whatever the dialog asks or says next. */
void tke_ui_prompt_dialog_tell_changes(TkeUiPromptDialog *dialog);

/* The fields of the form, in the page that has begun; it is borrowed as long as the page is
 * shown. */
void tke_ui_prompt_dialog_add_fields(TkeUiPromptDialog *dialog, TkeUiForm *form);

/* What operations ask: descriptions in the middle of a step; then what was entered, if nothing is
 * wrong with it. */
void tke_ui_prompt_dialog_ask_texts(void *view, const TkeTextPrompt *prompt);
void tke_ui_prompt_dialog_submit_texts(TkeUiPromptDialog *dialog);

/* A question that the operation waits for: no is an answer too. */
bool tke_ui_prompt_dialog_is_question(const TkeUiPromptDialog *dialog);

/* What is being done now, while TKE_UI_PAGE_WORKING lasts: shown once it has lasted. */
void tke_ui_prompt_dialog_set_working(TkeUiPromptDialog *dialog, const char *what);

void tke_ui_prompt_dialog_stop_countdown(TkeUiPromptDialog *dialog);
