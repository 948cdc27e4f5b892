/*
 * Frames on the socket of tke-sim, and the bodies that both sides read: readers and the description
 * of the world (rehearsal, 4.12).
 */
#include "libsmartcard/sim-protocol.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "common/byte-builder.h"
#include "common/error.h"
#include "common/hex.h"
#include "common/json-scan.h"
#include "libsmartcard/card-transport.h"

#define POINT_LEN_MIN 65u /* an uncompressed point on P-256 */
#define POINT_LEN_MAX 133u

GQuark
tke_sim_error_quark(void)
{
    return g_quark_from_static_string("tke-sim-error-quark");
}

static bool
set_closed(GError **error)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED,
                        _("tke-sim has closed the connection"));
    return false;
}

static bool
set_errno(GError **error, int code)
{
    if (code == EPIPE || code == ECONNRESET) {
        return set_closed(error);
    }
    if (code == EAGAIN) { /* the time limit of the socket */
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, _("tke-sim does not answer"));
        return false;
    }
    g_set_error(error, G_IO_ERROR, (gint) g_io_error_from_errno(code),
                _("the socket of tke-sim: %s"), g_strerror(code));
    return false;
}

/* Drops the first n bytes from the pieces; the first piece that is left. */
static unsigned
advance(struct iovec *pieces, unsigned first, unsigned n_pieces, size_t n)
{
    while (first < n_pieces && n >= pieces[first].iov_len) {
        n -= pieces[first].iov_len;
        first++;
    }
    if (first < n_pieces && n > 0) {
        pieces[first].iov_base = (uint8_t *) pieces[first].iov_base + n;
        pieces[first].iov_len -= n;
    }
    return first;
}

bool
tke_sim_frame_send(int fd, uint8_t type, const uint8_t *head, size_t head_len, const uint8_t *body,
                   size_t body_len, GError **error)
{
    uint8_t frame_head[TKE_SIM_FRAME_HEAD];
    TkeByteBuilder builder = { .out = frame_head, .size = sizeof frame_head };
    struct iovec pieces[3] = {
        { .iov_base = frame_head, .iov_len = sizeof frame_head },
        /* sendmsg does not write to them; struct iovec has no const. */
        { .iov_base = (uint8_t *) (uintptr_t) head, .iov_len = head_len },
        { .iov_base = (uint8_t *) (uintptr_t) body, .iov_len = body_len },
    };
    unsigned first = 0;

    if (head_len > TKE_SIM_FRAME_MAX || body_len > TKE_SIM_FRAME_MAX - head_len) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("a message of %zu bytes is too long for the socket of tke-sim"),
                    head_len + body_len);
        return false;
    }
    tke_byte_builder_u32(&builder, (uint32_t) (head_len + body_len));
    tke_byte_builder_u8(&builder, type);
    g_assert(!builder.failed);

    while (first < G_N_ELEMENTS(pieces)) {
        struct msghdr message = { .msg_iov = &pieces[first],
                                  .msg_iovlen = G_N_ELEMENTS(pieces) - first };
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return set_errno(error, errno);
        }
        first = advance(pieces, first, G_N_ELEMENTS(pieces), (size_t) sent);
    }
    return true;
}

bool
tke_sim_frame_receive_body(int fd, uint8_t *out, size_t len, GError **error)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n = recv(fd, out + got, len - got, 0);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return set_errno(error, errno);
        }
        if (n == 0) {
            return set_closed(error);
        }
        got += (size_t) n;
    }
    return true;
}

bool
tke_sim_frame_parse_head(TkeByteCursor *cursor, uint8_t *type, size_t *len)
{
    TkeByteCursor at = *cursor;
    uint32_t body_len = 0;
    uint8_t message = 0;

    if (!tke_byte_cursor_u32(&at, &body_len) || !tke_byte_cursor_u8(&at, &message) ||
        body_len > TKE_SIM_FRAME_MAX) {
        return false;
    }
    *cursor = at;
    *type = message;
    *len = body_len;
    return true;
}

bool
tke_sim_frame_receive_head(int fd, uint8_t *type, size_t *len, GError **error)
{
    uint8_t head[TKE_SIM_FRAME_HEAD] = { 0 };
    TkeByteCursor cursor = tke_byte_cursor(head, sizeof head);

    if (!tke_sim_frame_receive_body(fd, head, sizeof head, error)) {
        return false;
    }
    if (!tke_sim_frame_parse_head(&cursor, type, len)) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                            _("a message on the socket of tke-sim is too long"));
        return false;
    }
    return true;
}

static bool
read_text(TkeByteCursor *cursor, char **text)
{
    const uint8_t *bytes = NULL;
    uint8_t len = 0;

    if (!tke_byte_cursor_u8(cursor, &len) || !tke_byte_cursor_bytes(cursor, len, &bytes) ||
        !g_utf8_validate_len((const char *) bytes, len, NULL)) {
        return false;
    }
    *text = g_strndup((const char *) bytes, len);
    return true;
}

static bool
read_reader(TkeByteCursor *cursor, TkeReaderInfo *info)
{
    uint8_t flags = 0;

    if (!tke_byte_cursor_u8(cursor, &flags) || flags > 1 ||
        !tke_byte_cursor_u32(cursor, &info->events) || !read_text(cursor, &info->name) ||
        !read_text(cursor, &info->model) || !read_text(cursor, &info->serial) ||
        !read_text(cursor, &info->port)) {
        return false;
    }
    info->card_present = flags == 1;
    info->is_virtual = true;
    return true;
}

GPtrArray *
tke_sim_parse_readers(const uint8_t *body, size_t len, uint32_t *generation, GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(body, len);
    g_autoptr(GPtrArray) readers =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_reader_info_free);
    uint32_t seen = 0;
    uint8_t n = 0;
    bool good = tke_byte_cursor_u32(&cursor, &seen) && tke_byte_cursor_u8(&cursor, &n);

    for (unsigned i = 0; good && i < n; i++) {
        TkeReaderInfo *info = g_new0(TkeReaderInfo, 1);

        g_ptr_array_add(readers, info);
        good = read_reader(&cursor, info);
    }
    if (!good || tke_byte_cursor_left(&cursor) > 0) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                            _("the list of readers from tke-sim is malformed"));
        return NULL;
    }
    *generation = seen;
    return g_steal_pointer(&readers);
}

void
tke_sim_world_info_free(TkeSimWorldInfo *info)
{
    if (info == NULL) {
        return;
    }
    g_free(info->directory);
    g_free(info->workstation);
    g_free(info->base_url);
    g_free(info->ca_pem);
    g_clear_pointer(&info->module_roots, g_ptr_array_unref);
    g_clear_pointer(&info->root_names, g_ptr_array_unref);
    g_free(info->account);
    g_free(info->user);
    g_free(info->region);
    g_free(info->resource_group);
    g_strfreev(info->instances);
    g_clear_pointer(&info->applet, g_bytes_unref);
    g_free(info);
}

static bool
set_malformed_world(GError **error, const char *member)
{
    g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                _("the world of tke-sim: \"%s\" is missing or malformed"), member);
    return false;
}

static const char *
get_text(JsonNode *node)
{
    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

static bool
take_text(JsonObject *object, const char *member, char **out, GError **error)
{
    const char *text = get_text(json_object_get_member(object, member));

    if (text == NULL) {
        return set_malformed_world(error, member);
    }
    *out = g_strdup(text);
    return true;
}

/* The strings of an array; NULL if the member is no array of strings. */
static GPtrArray *
get_strings(JsonObject *object, const char *member)
{
    g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);
    JsonNode *node = json_object_get_member(object, member);
    JsonArray *array =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    if (array == NULL) {
        return NULL;
    }
    for (unsigned i = 0; i < json_array_get_length(array); i++) {
        const char *text = get_text(json_array_get_element(array, i));

        if (text == NULL) {
            return NULL;
        }
        g_ptr_array_add(strings, g_strdup(text));
    }
    return g_steal_pointer(&strings);
}

/* Generations of the modules, one for each root. */
static bool
take_root_names(JsonObject *object, TkeSimWorldInfo *info, GError **error)
{
    JsonNode *node = json_object_get_member(object, "roots");
    JsonArray *array =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    info->root_names = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *root = json_array_get_element(array, i);
        const char *name =
            JSON_NODE_HOLDS_OBJECT(root)
                ? get_text(json_object_get_member(json_node_get_object(root), "name"))
                : NULL;

        if (name == NULL) {
            return set_malformed_world(error, "roots");
        }
        g_ptr_array_add(info->root_names, g_strdup(name));
    }
    return info->root_names->len == info->module_roots->len || set_malformed_world(error, "roots");
}

static bool
take_roots(JsonObject *object, TkeSimWorldInfo *info, GError **error)
{
    g_autoptr(GPtrArray) texts = get_strings(object, "module_roots");

    if (texts == NULL || texts->len == 0) {
        return set_malformed_world(error, "module_roots");
    }
    info->module_roots = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    for (unsigned i = 0; i < texts->len; i++) {
        GByteArray *point = tke_hex_decode(g_ptr_array_index(texts, i), -1, NULL);

        if (point == NULL) {
            return set_malformed_world(error, "module_roots");
        }
        g_ptr_array_add(info->module_roots, g_byte_array_free_to_bytes(point));
        gsize len = g_bytes_get_size(g_ptr_array_index(info->module_roots, i));
        if (len < POINT_LEN_MIN || len > POINT_LEN_MAX) {
            return set_malformed_world(error, "module_roots");
        }
    }
    return take_root_names(object, info, error);
}

static bool
take_instances(JsonObject *object, TkeSimWorldInfo *info, GError **error)
{
    g_autoptr(GPtrArray) texts = get_strings(object, "instances");

    if (texts == NULL) {
        return set_malformed_world(error, "instances");
    }
    g_ptr_array_add(texts, NULL);
    info->instances = (char **) g_ptr_array_free(g_steal_pointer(&texts), FALSE);
    return true;
}

/* The applet file of rehearsals; an older tke-sim has none. */
static bool
take_applet(JsonObject *object, TkeSimWorldInfo *info, GError **error)
{
    const char *text = get_text(json_object_get_member(object, "applet"));
    g_autofree guchar *bytes = NULL;
    gsize len = 0;

    if (!json_object_has_member(object, "applet")) {
        return true;
    }
    bytes = text != NULL ? g_base64_decode(text, &len) : NULL;
    if (bytes == NULL || len == 0) {
        return set_malformed_world(error, "applet");
    }
    info->applet = g_bytes_new(bytes, len);
    return true;
}

JsonNode *
tke_sim_parse_object(const char *json, size_t len)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(JsonNode) root = NULL;

    /* json-glib alone takes more than JSON, and any depth of it. */
    if (len > TKE_SIM_FRAME_MAX || !tke_json_scan_is_whole(json, len) ||
        !json_parser_load_from_data(parser, json, (gssize) len, NULL)) {
        return NULL;
    }
    root = json_parser_steal_root(parser);
    return JSON_NODE_HOLDS_OBJECT(root) ? g_steal_pointer(&root) : NULL;
}

TkeSimWorldInfo *
tke_sim_world_info_parse(const char *json, size_t len, GError **error)
{
    g_autoptr(TkeSimWorldInfo) info = g_new0(TkeSimWorldInfo, 1);
    g_autoptr(JsonNode) root = tke_sim_parse_object(json, len);
    JsonObject *object = NULL;

    if (root == NULL) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                            _("what tke-sim says of its world is not a JSON object"));
        return NULL;
    }
    object = json_node_get_object(root);
    if (!take_text(object, "directory", &info->directory, error) ||
        !take_text(object, "workstation", &info->workstation, error) ||
        !take_text(object, "base_url", &info->base_url, error) ||
        !take_text(object, "ca_pem", &info->ca_pem, error) ||
        !take_text(object, "account", &info->account, error) ||
        !take_text(object, "user", &info->user, error) ||
        !take_text(object, "region", &info->region, error) ||
        !take_text(object, "resource_group", &info->resource_group, error) ||
        !take_roots(object, info, error) || !take_instances(object, info, error) ||
        !take_applet(object, info, error)) {
        return NULL;
    }
    return g_steal_pointer(&info);
}

char *
tke_sim_world_directory(const char *option)
{
    g_autofree char *standard = NULL;
    const char *directory = option;

    if (directory == NULL) {
        directory = g_getenv("OPENTKE_WORLD");
    }
    if (directory == NULL || *directory == '\0') {
        standard = g_build_filename(g_get_user_state_dir(), "opentke", "rehearsal", NULL);
        directory = standard;
    }
    return g_canonicalize_filename(directory, NULL);
}

char *
tke_sim_socket_path(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, TKE_SIM_SOCKET_NAME, NULL);

    if (strlen(path) > TKE_SIM_SOCKET_PATH_MAX) {
        g_set_error(
            error, TKE_ERROR, TKE_ERROR_SETUP,
            _("the world %s: the path of its socket has %zu bytes, a socket allows %u; choose "
              "a shorter directory"),
            directory, strlen(path), TKE_SIM_SOCKET_PATH_MAX);
        return NULL;
    }
    return g_steal_pointer(&path);
}
