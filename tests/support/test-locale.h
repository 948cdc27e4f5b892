/*
 * German for tests: a locale of the test's own, because which ones a machine has is not its to say.
 */
#pragma once

#include <glib.h>
#include <libintl.h>
#include <locale.h>
#include <stdbool.h>

/* Makes the locale in dir and sets category to it. False: the machine lacks the sources of
 * locales. */
static inline bool
test_locale_begin_german(const char *dir, int category)
{
    g_autofree char *path = g_build_filename(dir, "de_DE.UTF-8", NULL);
    const char *argv[] = { "localedef", "-i", "de_DE", "-f", "UTF-8", path, NULL };
    int status = 0;

    return g_file_test("/usr/share/i18n/locales/de_DE", G_FILE_TEST_EXISTS) &&
           g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                        &status, NULL) &&
           g_setenv("LOCPATH", dir, TRUE) && setlocale(category, "de_DE.UTF-8") != NULL;
}

/*
 * All of it in German, with the texts of GERMAN_TEXTS (po/de.po; tests/meson.build) compiled into dir.
 * False: the machine cannot make that.
 */
static inline bool
test_locale_begin_texts(const char *dir)
{
    g_autofree char *messages = g_build_filename(dir, "de", "LC_MESSAGES", NULL);
    g_autofree char *path = g_build_filename(messages, GETTEXT_PACKAGE ".mo", NULL);
    const char *argv[] = { "msgfmt", "-o", path, g_getenv("GERMAN_TEXTS"), NULL };
    int status = 1;

    g_assert_nonnull(argv[3]);
    g_unsetenv("LC_ALL");
    return test_locale_begin_german(dir, LC_ALL) && g_setenv("LANGUAGE", "de", TRUE) &&
           g_mkdir_with_parents(messages, 0700) == 0 &&
           g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                        &status, NULL) &&
           status == 0 && bindtextdomain(GETTEXT_PACKAGE, dir) != NULL &&
           bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8") != NULL &&
           textdomain(GETTEXT_PACKAGE) != NULL;
}

/* Removes dir and what was made in it. */
static inline void
test_locale_end(const char *dir)
{
    const char *argv[] = { "rm", "-r", dir, NULL };

    g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
}
