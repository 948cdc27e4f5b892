/*
 * Tries to open card managers, remembered from one run to the next. Check values of keys are what
 * GlobalPlatform itself tells of a key (11.8.2.3): three bytes of each.
 */
#include "libceremony/card-tries.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <errno.h>
#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/hex.h"
#include "common/safe-file.h"
#include "libceremony/json-file.h"
#include "libceremony/settings.h"

#define FILE_NAME "opentke-card-keys.json"
#define LOCK_NAME "opentke-card-keys.lock"

/*
 * {"cards": {"<ATR>.<maker's data>": {"<check values>": {"key_set", "refused", "proven", "pending",
 * "owner", "cut_off", "time"}}}}; "proven" and "pending" may be missing: false; "owner" is there
 * where "pending" is true, and may be missing: nobody's
 */
static bool
read_flag(JsonObject *entry, const char *name, bool may_be_missing, bool *flag)
{
    JsonNode *node = json_object_get_member(entry, name);

    *flag = false;
    if (node == NULL) {
        return may_be_missing;
    }
    if (json_node_get_value_type(node) != G_TYPE_BOOLEAN) {
        return false;
    }
    *flag = json_node_get_boolean(node);
    return true;
}

static bool
read_owner(JsonObject *entry, guint32 *owner)
{
    JsonNode *node = json_object_get_member(entry, "owner");

    *owner = 0;
    if (node == NULL) {
        return true;
    }
    if (json_node_get_value_type(node) != G_TYPE_INT64) {
        return false;
    }
    *owner = (guint32) CLAMP(json_node_get_int(node), 0, G_MAXUINT32);
    return true;
}

static bool
read_tries(JsonObject *entry, TkeGpTries *tries)
{
    JsonNode *cut_off = json_object_get_member(entry, "cut_off");
    gint64 number;

    if (!read_flag(entry, "refused", false, &tries->refused) ||
        !read_flag(entry, "proven", true, &tries->proven) ||
        !read_flag(entry, "pending", true, &tries->pending) || !read_owner(entry, &tries->owner) ||
        cut_off == NULL || json_node_get_value_type(cut_off) != G_TYPE_INT64) {
        return false;
    }
    number = json_node_get_int(cut_off);
    tries->cut_off = (unsigned) CLAMP(number, 0, INT16_MAX);
    return number >= 0;
}

/* The member of that name, an object; made where there is none. NULL: it is something else. */
static JsonObject *
enter(JsonObject *object, const char *name)
{
    if (!json_object_has_member(object, name)) {
        json_object_set_object_member(object, name, json_object_new());
    }
    return tke_json_file_object(object, name);
}

static JsonObject *
read_file(const char *path, GError **error)
{
    JsonObject *file = tke_json_file_read(path, NULL, error);

    if (file == NULL) {
        g_prefix_error(error, "%s",
                       _("it cannot be told which issuer keys a card has refused, so none are "
                         "tried: "));
    }
    return file;
}

static bool
say_damaged(const char *path, GError **error)
{
    g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                _("it cannot be told which issuer keys a card has refused, so none are tried: %s "
                  "does not have the form it should have"),
                path);
    return false;
}

static char *
mark_text(const TkeGpKeySet *keys)
{
    return tke_hex_encode(tke_gp_key_set_get_mark(keys), TKE_GP_KEY_SET_MARK);
}

/* What one card of the file says of the key set; none: zeros. False: it has another form. */
static bool
read_entry(JsonObject *cards, const char *card, const char *mark, TkeGpTries *tries)
{
    JsonObject *sets = tke_json_file_object(cards, card);
    JsonObject *entry = NULL;

    *tries = (TkeGpTries){ 0 };
    if (sets == NULL || !json_object_has_member(sets, mark)) {
        return sets != NULL;
    }
    entry = tke_json_file_object(sets, mark);
    return entry != NULL && read_tries(entry, tries);
}

/* All cards of the file that may be this one. */
static bool
read_cards(JsonObject *cards, const char *card, const char *mark, TkeGpTries *tries,
           const char **under)
{
    g_autoptr(GList) names = json_object_get_members(cards);
    TkeGpTries worst = { 0 };

    *under = NULL;
    *tries = (TkeGpTries){ 0 };
    for (GList *name = names; name != NULL; name = name->next) {
        TkeGpTries found = { 0 };

        if (!tke_gp_card_may_be(card, name->data)) {
            continue;
        }
        if (!read_entry(cards, name->data, mark, &found)) {
            return false;
        }
        if (tke_gp_tries_is_worse(&found, &worst)) {
            worst = found;
            *under = name->data; /* the object's, not the list's */
        }
        tke_gp_tries_join(tries, &found);
    }
    return true;
}

/* The file is replaced as a whole, so that no lock is needed to read it. */
static bool
look(void *data, const char *card, const TkeGpKeySet *keys, TkeGpTries *tries, char **under,
     GError **error)
{
    g_autofree char *path = g_build_filename(data, FILE_NAME, NULL);
    g_autofree char *mark = mark_text(keys);
    g_autoptr(JsonObject) file = read_file(path, error);
    JsonObject *cards = file != NULL ? enter(file, "cards") : NULL;
    const char *name = NULL;

    *tries = (TkeGpTries){ 0 };
    if (file == NULL) {
        return false;
    }
    if (cards == NULL || !read_cards(cards, card, mark, tries, &name)) {
        return say_damaged(path, error);
    }
    if (under != NULL) {
        *under = g_strdup(name);
    }
    return true;
}

static void
set_entry(JsonObject *sets, const char *mark, const TkeGpKeySet *keys, const TkeGpTries *tries)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
    JsonObject *entry = json_object_new();

    json_object_set_string_member(entry, "key_set", tke_gp_key_set_get_name(keys));
    json_object_set_boolean_member(entry, "refused", tries->refused);
    json_object_set_boolean_member(entry, "proven", tries->proven);
    json_object_set_boolean_member(entry, "pending", tries->pending);
    if (tries->pending) {
        json_object_set_int_member(entry, "owner", tries->owner);
    }
    json_object_set_int_member(entry, "cut_off", tries->cut_off);
    json_object_set_string_member(entry, "time", time);
    json_object_set_object_member(sets, mark, entry);
}

static void
remove_entry(JsonObject *cards, const char *card, const char *mark)
{
    JsonObject *sets = json_object_get_object_member(cards, card);

    json_object_remove_member(sets, mark);
    if (json_object_get_size(sets) == 0) {
        json_object_remove_member(cards, card);
    }
}

/* What a success takes back: all that is noted of this card, under whatever answer to reset. */
static bool
remove_same(JsonObject *cards, const char *card, const char *mark, const TkeGpTries *tries)
{
    g_autoptr(GList) names = json_object_get_members(cards);

    for (GList *name = names; name != NULL; name = name->next) {
        TkeGpTries found = { 0 };

        if (strcmp(name->data, card) != 0 && !tke_gp_card_is_same(card, name->data)) {
            continue;
        }
        if (!read_entry(cards, name->data, mark, &found)) {
            return false;
        }
        if (!tke_gp_tries_stays(&found, tries)) {
            remove_entry(cards, name->data, mark);
        }
    }
    return true;
}

static bool
note_locked(const char *path, const char *card, const TkeGpKeySet *keys, const TkeGpTries *tries,
            GError **error)
{
    g_autofree char *mark = mark_text(keys);
    g_autoptr(JsonObject) file = read_file(path, error);
    JsonObject *cards = file != NULL ? enter(file, "cards") : NULL;
    JsonObject *sets = cards != NULL ? enter(cards, card) : NULL;
    TkeGpTries noted = { 0 };

    if (file == NULL) {
        return false;
    }
    if (sets == NULL || !read_entry(cards, card, mark, &noted)) {
        return say_damaged(path, error);
    }
    if (tke_gp_tries_is_clean(tries)) {
        if (!remove_same(cards, card, mark, tries)) {
            return say_damaged(path, error);
        }
    } else if (!tke_gp_tries_stays(&noted, tries)) {
        set_entry(sets, mark, keys, tries);
    } else if (!tke_gp_tries_is_final(&noted)) {
        return tke_gp_tries_fail_under_way(error);
    }
    return tke_json_file_write(path, file, error);
}

/* Two programs may note at the same time. */
static bool
note(void *data, const char *card, const TkeGpKeySet *keys, const TkeGpTries *tries, GError **error)
{
    g_autofree char *path = g_build_filename(data, FILE_NAME, NULL);
    g_autofree char *lock = g_build_filename(data, LOCK_NAME, NULL);
    bool done = false;
    int fd;

    if (!tke_safe_file_make_dir(data, error)) {
        return false;
    }
    fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0) {
        done = note_locked(path, card, keys, tries, error);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, _("%s cannot be locked: %s"), lock,
                    g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd); /* and with it the lock */
    }
    return done;
}

TkeGpKeySet *
tke_card_tries_keys(TkeOperation *op, TkeCard *card, GError **error)
{
    g_autoptr(TkeSettings) settings = tke_settings_load(tke_operation_get_world(op), error);
    g_autofree char *path = NULL;
    TkeGpKeySet *keys = NULL;
    size_t len = 0;
    const uint8_t *atr = tke_card_get_atr(card, &len);

    if (settings == NULL || !tke_settings_find_card_keys(settings, atr, len, &path, error)) {
        return NULL;
    }
    keys = path != NULL ? tke_gp_key_set_load(path, error) : tke_gp_key_set_new_default(error);
    if (keys != NULL) {
        tke_gp_key_set_raise_level(keys, TKE_GP_LEVEL_C_DEC);
    }
    return keys;
}

TkeGpMemory
tke_card_tries_memory(const char *directory, const char *place, bool retry_cut_off)
{
    return (TkeGpMemory){ .look = look,
                          .note = note,
                          .data = (void *) directory,
                          .retry_cut_off = retry_cut_off,
                          .place = place };
}

TkeGpScp *
tke_card_tries_open(TkeOperation *op, TkeCard *card, const TkeGpKeySet *keys, bool retry_cut_off,
                    GError **error)
{
    const char *directory = tke_world_get_state_directory(tke_operation_get_world(op));
    g_autofree char *path = g_build_filename(directory, FILE_NAME, NULL);
    const TkeGpMemory memory = tke_card_tries_memory(directory, path, retry_cut_off);
    TkeGpScp *scp = tke_gp_scp_open(card, keys, &memory, error);
    const unsigned cut_off = scp != NULL ? tke_gp_scp_get_info(scp)->cut_off : 0;

    if (cut_off > 0) {
        tke_operation_note(
            op,
            ngettext("Opening this card's manager was cut off %u time before; it is "
                     "open now, which sets the card's count of failed tries back.",
                     "Opening this card's manager was cut off %u times before; it "
                     "is open now, which sets the card's count of failed tries back.",
                     cut_off),
            cut_off);
    }
    return scp;
}
