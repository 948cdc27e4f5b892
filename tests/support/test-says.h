/*
 * What users are told, in tests: a text has these words in it; else the test fails and shows the text.
 */
#pragma once

#include <check.h>
#include <string.h>

#include <glib.h>

/* text may be NULL: nothing was told, and the test fails. A long text is shown in part: Check's
 * messages have a limit. */
static inline void
test_says(const char *text, const char *wanted)
{
    ck_assert_msg(text != NULL && strstr(text, wanted) != NULL, "no “%s” in: %.600s", wanted,
                  text != NULL ? text : "nothing");
}

/* The same for the message of an error; NULL: there is none, and the test fails. */
static inline void
test_says_error(const GError *error, const char *wanted)
{
    test_says(error != NULL ? error->message : NULL, wanted);
}
