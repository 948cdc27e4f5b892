/*
 * The mark of a world: it ends the serial numbers of its readers, so that two worlds that were
 * made from one scenario are told apart by them (--rehearsal=pcsc, 4.12). Drawn once and kept in
 * mark.json; a world without one gets it when it is opened.
 */
#include <glib/gi18n-lib.h>
#include <openssl/rand.h>
#include <string.h>

#include "common/error.h"
#include "common/openssl.h"
#include "common/safe-file.h"
#include "simulator/sim-json.h"
#include "simulator/sim-world-private.h"

#define FORMAT 1
#define MARK_FILE_MAX 4096u
#define MARK_LEN 6u
/* No I, O, 0 and 1: people compare them. */
#define CHARACTERS "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

static char *
mark_path(const SimWorld *world)
{
    return g_build_filename(world->directory, SIM_WORLD_MARK_FILE, NULL);
}

static bool
is_mark(const char *text)
{
    return strlen(text) == MARK_LEN && strspn(text, CHARACTERS) == MARK_LEN;
}

static bool
read_mark(SimWorld *world, const GByteArray *text, GError **error)
{
    g_autoptr(JsonObject) object =
        sim_json_parse((const char *) text->data, (gssize) text->len, error);
    const char *mark = object == NULL ? NULL : sim_json_need_text(object, "mark", error);

    if (mark == NULL) {
        return false;
    }
    if (!is_mark(mark)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("\"mark\" is no mark of a world: %u capitals and digits are"), MARK_LEN);
        return false;
    }
    world->mark = g_strdup(mark);
    return true;
}

static bool
draw_mark(SimWorld *world, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    char mark[MARK_LEN + 1] = "";
    uint8_t random[MARK_LEN];

    if (RAND_bytes(random, sizeof random) != 1) {
        tke_openssl_set_error(error, _("no random numbers"));
        return false;
    }
    for (unsigned i = 0; i < MARK_LEN; i++) {
        mark[i] = CHARACTERS[random[i] % strlen(CHARACTERS)];
    }
    text = g_strdup_printf("{\"format\":%d,\"mark\":\"%s\"}\n", FORMAT, mark);
    world->mark = g_strdup(mark);
    return tke_safe_file_write(path, (const uint8_t *) text, strlen(text), error);
}

bool
sim_world_take_mark(SimWorld *world, GError **error)
{
    g_autofree char *path = mark_path(world);
    bool found = false;
    g_autoptr(GError) inner = NULL;
    g_autoptr(GByteArray) text = tke_safe_file_read(path, MARK_FILE_MAX, &found, &inner);

    if (text == NULL && inner == NULL) {
        return draw_mark(world, path, error);
    }
    if (text == NULL || !read_mark(world, text, &inner)) {
        g_propagate_prefixed_error(error, g_steal_pointer(&inner), "%s: ", path);
        return false;
    }
    return true;
}

/* A reader that has no number in the scenario has none: some readers are like that. */
char *
sim_world_dup_serial(const SimWorld *world, const char *serial)
{
    return serial[0] == '\0' ? g_strdup("") : g_strdup_printf("%s-%s", serial, world->mark);
}
