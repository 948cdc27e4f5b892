/*
 * What a prompt looks like: its picture, why it is asked, how to stop. Plain functions of the
 * prompt.
 */
#pragma once

#include "libceremony/prompter.h"

/* Name of the picture that shows the hand's next movement; the caller frees. */
char *tke_ui_prompt_text_picture(const TkePrompt *prompt);

/* One sentence that says why; translated, never NULL. */
const char *tke_ui_prompt_text_why(const TkePrompt *prompt);

/* Why it is asked again, in words of the window; the caller frees; NULL: it is asked for the first
 * time. */
char *tke_ui_prompt_text_reason(const TkePrompt *prompt);

/* "0:14 left · 5 tries left" for PIN entries; NULL for others. The caller frees. */
char *tke_ui_prompt_text_time(const TkePrompt *prompt, unsigned seconds_left);

/* How this prompt is stopped; the caller frees. */
char *tke_ui_prompt_text_stop(const TkePrompt *prompt);

/* What is done, as a verb for the button that agrees to a plan; translated. */
const char *tke_ui_prompt_text_verb(const TkePlan *plan);
