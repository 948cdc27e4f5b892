/*
 * Interface to the operator. Operations speak to people only through it; a terminal, a window and a
 * test's script implement it. Texts are translated and hold no secrets; the enums are for programs.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#include "common/public.h"
#include "common/secret.h"

typedef enum {
    TKE_WANTED_NONE,
    TKE_WANTED_ANY,      /* any card */
    TKE_WANTED_CA,       /* CA card of a zone */
    TKE_WANTED_EP11,     /* personalised EP11 card */
    TKE_WANTED_BLANK_CA, /* card with an empty CA applet, or an unfinished CA card */
    TKE_WANTED_NEW_EP11, /* EP11 card that is blank, or whose enrolment was cut short */
    TKE_WANTED_ENROLLED, /* enrolled EP11 card without PIN */
} TkeWantedCard;

typedef enum {
    TKE_PROMPT_INSERT_CARD, /* goes away when the card is there */
    TKE_PROMPT_REMOVE_CARD, /* goes away when the card is gone */
    TKE_PROMPT_ENTER_PIN,   /* a PIN is typed on the pad */
    TKE_PROMPT_NEW_PIN,     /* a new PIN is typed twice on the pad */
    TKE_PROMPT_CHANGE_PIN,  /* the old and twice the new PIN are typed on the pad */
} TkePromptKind;

typedef struct TkePrompt {
    TkePromptKind kind;
    unsigned reader;         /* 1 or 2 */
    const char *reader_name; /* model and place (tke_reader_dup_text); "" when unknown */
    TkeWantedCard wanted;
    /* for people, translated */
    const char *title;  /* what to do, one sentence */
    const char *reason; /* why what is there does not do; NULL at first */
    const char *advice; /* what to do about it, where it is an error of card or reader; or NULL */
    /* for support (advice.h), where reason is an error of card or reader; NULL without */
    const char *details;
    const char *card; /* description or id of the card in the reader; NULL without */
    /* for programs, never translated (docs/events.md) */
    const char *purpose;     /* "signer", "key-part", …; NULL if there is none */
    const char *reason_word; /* "wrong-kind", "used", …; NULL at first */
    unsigned number;         /* which signer, which part, from 1; 0: does not matter */
    unsigned total;          /* of how many; 0: does not matter */
    unsigned pin;            /* 1 or 2 */
    unsigned tries_left;     /* before this entry */
    unsigned timeout_s;      /* of the pad */
} TkePrompt;

/* What is about to happen, in the operator's words. */
typedef struct TkePlan {
    const char *action;       /* the command, for programs: "mk-load", "zone-create", … */
    const char *title;        /* one sentence */
    const char *const *lines; /* what will be done, one thing a line; NULL-terminated */
    const char *consequence;  /* what will be gone; NULL if nothing is */
    const char *confirm_text; /* to be typed for a destructive step; NULL: yes or no */
    bool default_no;          /* the answer of an empty line */
    bool by_person;           /* nobody can have agreed beforehand, as with --yes */
} TkePlan;

typedef struct TkeChoice {
    const char *what; /* for programs: "key-part", "administrator", … */
    const char *title;
    const char *const *columns;     /* NULL-terminated headings */
    const char *const *const *rows; /* NULL-terminated; each row as many cells as columns */
    unsigned n_rows;
    unsigned default_row; /* from 1: chosen where nobody can be asked; 0: an answer is needed */
} TkeChoice;

typedef struct TkeSecretPrompt {
    const char *title;
    bool repeat; /* ask twice */
    size_t max;
} TkeSecretPrompt;

typedef enum {
    TKE_TEXT_DESCRIPTION, /* 0 to 30 printable ASCII characters */
    TKE_TEXT_NAME,        /* of an administrator, 1 to 30 (tke_card_text_is_name) */
} TkeTextKind;

/* Texts that are asked for in the middle of a step. */
typedef struct TkeTextField {
    TkeTextKind kind;
    const char *word;     /* for programs: "zone-description", "card-description", "name", … */
    const char *label;    /* translated */
    const char *proposal; /* what it is unless it is changed; never NULL */
} TkeTextField;

typedef struct TkeTextPrompt {
    const char *title; /* one sentence */
    const char *why;   /* NULL: the title says it all */
    const TkeTextField *fields;
    unsigned n_fields;
} TkeTextPrompt;

typedef struct TkePrompterOps {
    /* Do not block: the operation itself waits for the card or the PIN pad, so a prompt goes away
     * when the card is inserted, without a click. */
    void (*show)(void *ui, const TkePrompt *prompt);
    void (*hide)(void *ui);
    /*
     * Asked before the operation waits for a card, which takes as long as people take: the prompt has
     * been shown for so long. timeout_ms: for how much longer it may be; -1: for ever. False: nobody is
     * there to do it. The function may be NULL: for ever.
     */
    bool (*may_wait)(void *ui, gint64 shown_ms, int *timeout_ms, GError **error);
    /* All steps in their order, before the first one begins; NULL: the names of those to come are
     * not shown. */
    void (*steps)(void *ui, const char *const *names);
    /* One begins. What is not among the names is a part of the one that has begun. */
    void (*step)(void *ui, unsigned done, unsigned total, const char *what);
    /* Something the operator should know and need not answer. */
    void (*note)(void *ui, const char *text);
    /* A card came into a reader or left it. */
    void (*card)(void *ui, unsigned reader, bool inserted);
    /* Block until answered or cancelled. Refused: false with G_IO_ERROR_CANCELLED. */
    bool (*confirm)(void *ui, const TkePlan *plan, GCancellable *cancellable, GError **error);
    bool (*choose)(void *ui, const TkeChoice *choice, unsigned *index, GCancellable *cancellable,
                   GError **error);
    TkeSecret *(*ask_secret)(void *ui, const TkeSecretPrompt *prompt, GCancellable *cancellable,
                             GError **error);
    /*
     * texts: n_fields places for what was answered, each to be freed; written only on success. An
     * answer that is not of the kind of its field is asked for again here; the step would refuse
     * it. The function may be NULL: nobody can be asked, and what is proposed is taken.
     */
    bool (*ask_texts)(void *ui, const TkeTextPrompt *prompt, char **texts,
                      GCancellable *cancellable, GError **error);
} TkePrompterOps;
