/*
 * What the program itself can do after an error, or while a card is waited for: buttons beside the
 * text (functions 2.1: "where there is one, the next step as a button"). Plain functions.
 */
#pragma once

#include "libceremony/prompter.h"

typedef struct TkeUiRemedy {
    const char *again;  /* on the button that repeats the step; NULL: repeating it helps nobody */
    const char *label;  /* on a button that starts another step instead; NULL: none */
    const char *action; /* of that step, detailed */
} TkeUiRemedy;

/* Translated, never freed. */
TkeUiRemedy tke_ui_remedy_for_error(const GError *error);

/* The same for a prompt that waits for a card; again is NULL. */
TkeUiRemedy tke_ui_remedy_for_prompt(const TkePrompt *prompt);
