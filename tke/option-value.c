/*
 * Values that an option cannot have, in words of ours (functions 4; F-153).
 */
#include "tke/option-value.h"

#include <glib/gi18n.h>
#include <string.h>

#include "common/error.h"
#include "libep11admin/unit-attributes.h"
#include "libsmartcard/reader.h"
#include "tke/unknown-option.h"

#define ANY_END G_MAXINT

typedef struct Range {
    const char *name;
    int from;
    int to; /* ANY_END: no end */
} Range;

/* Numbers that options take; others any. */
static const Range ranges[] = {
    { "reader", 1, TKE_READERS },
    { "pin", 1, 2 },
    { "signature", 1, TKE_UNIT_THRESHOLD_MAX },
    { "revocation", 1, TKE_UNIT_THRESHOLD_MAX },
    { "events-fd", 0, ANY_END },
    { "token-fd", 0, ANY_END },
};

static const Range *
find_range(const char *name)
{
    static const Range any = { NULL, G_MININT, ANY_END };

    for (unsigned i = 0; i < G_N_ELEMENTS(ranges); i++) {
        if (strcmp(ranges[i].name, name) == 0) {
            return &ranges[i];
        }
    }
    return &any;
}

/* As people write numbers: 010 is none, which GLib would take for 8. */
static bool
is_number(const char *text, gint64 from, gint64 to, gint64 *number)
{
    const char *digits = text + (text[0] == '-' ? 1 : 0);

    return (digits[0] != '0' || digits[1] == '\0') &&
           g_ascii_string_to_signed(text, 10, from, to, number, NULL);
}

/* The number that was probably meant: the end that was passed, or what other letters stand around. */
static char *
dup_hint(const Range *range, const char *value)
{
    const char *begin = value + strcspn(value, "123456789");
    g_autofree char *digits = g_strndup(begin, strspn(begin, "0123456789"));
    gint64 number = 0;

    if (is_number(value, G_MININT64, G_MAXINT64, &number)) {
        if (range->to == ANY_END) {
            return g_strdup(""); /* a descriptor: none is near another */
        }
        number = CLAMP(number, range->from, range->to);
    } else if (!is_number(digits, range->from, range->to, &number)) {
        return g_strdup("");
    }
    return g_strdup_printf(_("; did you mean “%d”?"), (int) number);
}

static void
set_no_number(const char *where, const char *name, const char *value, GError **error)
{
    const Range *range = find_range(name);
    g_autofree char *hint = dup_hint(range, value);

    if (range->from == G_MININT) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("%s--%s takes a number, not “%s”%s"),
                    where, name, value, hint);
    } else if (range->to == ANY_END) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("%s--%s takes a number, %d or more, not “%s”%s"), where, name, range->from,
                    value, hint);
    } else if (range->to == range->from + 1) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("%s--%s takes %d or %d, not “%s”%s"),
                    where, name, range->from, range->to, value, hint);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("%s--%s takes a number from %d to %d, not “%s”%s"), where, name, range->from,
                    range->to, value, hint);
    }
}

static void
set_missing(const char *where, const GOptionEntry *entry, GError **error)
{
    const Range *range = find_range(entry->long_name);

    if (range->name != NULL && range->to == range->from + 1) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("%s--%s needs a value: %d or %d"), where,
                    entry->long_name, range->from, range->to);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("%s--%s needs a value: %s"), where,
                    entry->long_name, entry->arg_description);
    }
}

/* value NULL: there is none. */
static bool
check_value(const GOptionEntry *entry, const char *where, const char *value, GError **error)
{
    const Range *range = find_range(entry->long_name);
    gint64 number = 0;

    if (value == NULL) {
        set_missing(where, entry, error);
        return false;
    }
    if (entry->arg == G_OPTION_ARG_INT && !is_number(value, range->from, range->to, &number)) {
        set_no_number(where, entry->long_name, value, error);
        return false;
    }
    return true;
}

bool
tke_cli_option_value_check(const GOptionEntry *entries, const char *command, int argc, char **argv,
                           GError **error)
{
    g_autofree char *where = command != NULL ? g_strconcat(command, ": ", NULL) : g_strdup("");

    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const GOptionEntry *entry = tke_cli_option_find(entries, argv[i]);
        const char *value = strchr(argv[i], '=');

        if (entry == NULL) {
            continue;
        }
        if (entry->arg == G_OPTION_ARG_NONE && value != NULL) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("%s--%s takes no value"), where,
                        entry->long_name);
            return false;
        }
        if (entry->arg == G_OPTION_ARG_NONE) {
            continue;
        }
        value = value != NULL ? value + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (!check_value(entry, where, value, error)) {
            return false;
        }
    }
    return true;
}
