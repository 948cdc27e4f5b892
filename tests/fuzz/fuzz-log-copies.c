/*
 * What entries of an activity log prove of copies: lines of any content. Who is told to have a copy
 * is a card, each once, and has none any more when the log goes on with its erasure.
 */
#include <string.h>

#include "libceremony/key-copies.h"
#include "libceremony/known-copies.h"
#include "tests/fuzz/fuzz-dir.h"
#include "tests/fuzz/fuzz-strict.h"

/* In the seeds: 0101-0101-0101-0101, and 02 and 03 again and again. */
static const uint8_t own_id[TKE_CARD_ID_LEN] = { 1, 1, 1, 1, 1, 1, 1, 1 };

static char *dir;

static void
stop(void)
{
    fuzz_dir_remove(dir);
    g_free(dir);
}

typedef struct Copies {
    TkeKnownCopies *known;
    GPtrArray *of_key;
    GPtrArray *of_part;
} Copies;

static Copies
read_copies(TkeActivityLog *log)
{
    g_autoptr(TkeKeyCopies) keys = tke_key_copies_read(log);
    uint8_t ski[32];
    uint8_t vp[TKE_VP_LEN];

    memset(ski, 2, sizeof ski);
    memset(vp, 3, sizeof vp);
    return (Copies){ .known = tke_known_copies_read(log, own_id),
                     .of_key = tke_key_copies_of_key(keys, ski),
                     .of_part = tke_key_copies_of_part(keys, vp) };
}

static void
free_copies(Copies *copies)
{
    tke_known_copies_free(copies->known);
    g_ptr_array_unref(copies->of_key);
    g_ptr_array_unref(copies->of_part);
}

static void
check_ids(const GPtrArray *ids)
{
    for (guint i = 0; i < ids->len; i++) {
        const char *id = g_ptr_array_index(ids, i);

        FUZZ_REQUIRE(id != NULL && g_utf8_validate(id, -1, NULL));
        for (guint j = 0; j < i; j++) {
            FUZZ_REQUIRE(strcmp(id, g_ptr_array_index(ids, j)) != 0);
        }
    }
}

/* Lines that tell of the erasure of each. */
static void
erase_all(GString *text, const GPtrArray *ids)
{
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
        g_autoptr(JsonObject) entry = json_object_new();
        JsonObject *card = json_object_new();
        g_autofree char *line = NULL;

        json_object_set_string_member(card, "id", g_ptr_array_index(ids, i));
        json_object_set_string_member(entry, "action", "opentke-card.erase");
        json_object_set_object_member(entry, "card", card);
        json_node_set_object(node, entry);
        line = json_to_string(node, FALSE);
        g_string_append_printf(text, "\n%s\n", line);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GString) text = g_string_new_len((const char *) data, (gssize) size);
    g_autofree char *path = NULL;
    g_autoptr(TkeActivityLog) log = NULL;
    g_autofree char *own = tke_card_id_text(own_id);
    Copies copies = { 0 };

    fuzz_strict();
    if (dir == NULL) {
        dir = fuzz_dir_new();
        atexit(stop);
    }
    path = g_build_filename(dir, "activity.log", NULL);
    log = tke_activity_log_new(path, false);
    fuzz_dir_write(path, data, size);
    copies = read_copies(log);
    check_ids(copies.known->to);
    check_ids(copies.known->from);
    check_ids(copies.of_key);
    check_ids(copies.of_part);
    FUZZ_REQUIRE(!g_ptr_array_find_with_equal_func(copies.known->to, own, g_str_equal, NULL));
    FUZZ_REQUIRE(!g_ptr_array_find_with_equal_func(copies.known->from, own, g_str_equal, NULL));
    erase_all(text, copies.known->to);
    erase_all(text, copies.known->from);
    erase_all(text, copies.of_key);
    erase_all(text, copies.of_part);
    free_copies(&copies);
    fuzz_dir_write(path, (const uint8_t *) text->str, text->len);
    copies = read_copies(log);
    FUZZ_REQUIRE(copies.known->to->len == 0 && copies.known->from->len == 0);
    FUZZ_REQUIRE(copies.of_key->len == 0 && copies.of_part->len == 0);
    free_copies(&copies);
    return 0;
}
