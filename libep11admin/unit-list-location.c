/*
 * Location strings of crypto units: "[zone].[host].[module].[domain]" (crypto-unit-protocol.md,
 * 1.6).
 */
#include "libep11admin/unit-list.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"

#define PARTS 4u

static bool
set_error(const char *location, GError **error)
{
    g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                _("location \"%s\" is not of the form [zone].[host].[module].[domain]"), location);
    return false;
}

/* A decimal number with an optional sign, as the service's own client reads it. */
static bool
read_number(const char *text, int64_t *value)
{
    return g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, value, NULL);
}

/* One part without its blanks around and without brackets. Caller frees. */
static char *
dup_bare(const char *part)
{
    g_autofree char *text = g_strstrip(g_strdup(part));
    size_t len = 0;
    const char *start = text;

    if (*start == '[') {
        start++;
    }
    len = strlen(start);
    if (len > 0 && start[len - 1] == ']') {
        len--;
    }
    return g_strndup(start, len);
}

bool
tke_unit_list_parse_location(const char *location, TkeLocation *out, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(location, ".", -1);
    g_autofree char *module = NULL;
    g_autofree char *domain = NULL;
    int64_t module_index = 0;
    int64_t domain_index = 0;

    if (g_strv_length(parts) != PARTS) {
        return set_error(location, error);
    }
    module = dup_bare(parts[2]);
    domain = dup_bare(parts[3]);
    if (!read_number(module, &module_index) || !read_number(domain, &domain_index) ||
        module_index < 0 || domain_index < 0) {
        return set_error(location, error);
    }
    *out = (TkeLocation){ .zone = dup_bare(parts[0]),
                          .host = dup_bare(parts[1]),
                          .module_index = (uint64_t) module_index,
                          .domain_index = (uint64_t) domain_index };
    return true;
}

void
tke_location_clear(TkeLocation *location)
{
    g_clear_pointer(&location->zone, g_free);
    g_clear_pointer(&location->host, g_free);
}

bool
tke_unit_list_location_number(const char *location, unsigned part, int64_t *value, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(location, ".", -1);
    g_autofree char *digits = NULL;
    size_t len = 0;

    g_return_val_if_fail(part < PARTS, false);

    if (g_strv_length(parts) != PARTS) {
        return set_error(location, error);
    }
    len = strlen(parts[part]);
    if (len < 2) {
        return set_error(location, error);
    }
    digits = g_strndup(parts[part] + 1, len - 2);
    if (!read_number(digits, value)) {
        return set_error(location, error);
    }
    return true;
}

char *
tke_unit_list_module_part(const char *location, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(location, ".", -1);

    if (g_strv_length(parts) != PARTS) {
        set_error(location, error);
        return NULL;
    }
    return g_strjoin(".", parts[0], parts[1], parts[2], NULL);
}
