/*
 * Which reader is number 1 and which number 2 (functions reference, 1.3; F-001 to F-003).
 */
#include "libsmartcard/reader.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "libsmartcard/card-error.h"

#define INDEX_LEN 6u
#define USB "usb:" /* before the port, as pcscd and the kernel name it */

/* A name without the numbers that pcscd puts behind it, " 00 00": they depend on the order of
 * plugging in. */
static char *
dup_name_without_index(const char *name)
{
    const size_t len = strlen(name);
    const char *end = name + (len > INDEX_LEN ? len - INDEX_LEN : len);

    return end[0] == ' ' && g_ascii_isxdigit(end[1]) && g_ascii_isxdigit(end[2]) && end[3] == ' ' &&
                   g_ascii_isxdigit(end[4]) && g_ascii_isxdigit(end[5])
               ? g_strndup(name, len - INDEX_LEN)
               : g_strdup(name);
}

char *
tke_reader_dup_key(const TkeReaderInfo *info)
{
    if (info->serial != NULL && info->serial[0] != '\0') {
        return g_strdup(info->serial);
    }
    return info->port != NULL && info->port[0] != '\0' ? g_strdup(info->port)
                                                       : dup_name_without_index(info->name);
}

static bool
has_place(const TkeReaderInfo *info)
{
    return (info->serial != NULL && info->serial[0] != '\0') ||
           (info->port != NULL && info->port[0] != '\0');
}

/* One of which no place is known may be any of its name: a reader that is held cannot be asked. */
static bool
are_alike(const TkeReaderInfo *a, const TkeReaderInfo *b)
{
    const bool keys_count = has_place(a) && has_place(b);
    g_autofree char *one = keys_count ? tke_reader_dup_key(a) : dup_name_without_index(a->name);
    g_autofree char *two = keys_count ? tke_reader_dup_key(b) : dup_name_without_index(b->name);

    return strcmp(one, two) == 0;
}

bool
tke_reader_is_alike(const GPtrArray *infos, const TkeReaderInfo *info)
{
    for (guint i = 0; i < infos->len; i++) {
        const TkeReaderInfo *other = g_ptr_array_index(infos, i);

        if (strcmp(other->name, info->name) != 0 && are_alike(other, info)) {
            return true;
        }
    }
    return false;
}

char *
tke_reader_dup_text(const TkeReaderInfo *info)
{
    const char *model = info->model != NULL && info->model[0] != '\0' ? info->model : info->name;
    const char *port = info->port != NULL ? info->port : "";

    if (g_str_has_prefix(port, USB)) {
        return g_strdup_printf("%s · USB %s", model, port + strlen(USB));
    }
    return port[0] != '\0' ? g_strdup_printf("%s · %s", model, port) : g_strdup(model);
}

/* Readers with keypad first, whatever they are called: laptops have readers without built in. */
static int
compare_readers(const void *a, const void *b)
{
    const TkeReaderInfo *const *first = a;
    const TkeReaderInfo *const *second = b;
    g_autofree char *name = dup_name_without_index((*first)->name);
    g_autofree char *other_name = dup_name_without_index((*second)->name);
    g_autofree char *key = tke_reader_dup_key(*first);
    g_autofree char *other_key = tke_reader_dup_key(*second);
    const int by_name = strcmp(name, other_name);

    if ((*first)->no_keypad != (*second)->no_keypad) {
        return (*first)->no_keypad ? 1 : -1;
    }
    return by_name != 0 ? by_name : strcmp(key, other_key);
}

/* Takes a reader out of those that have no number yet. */
static TkeReaderInfo *
take(GPtrArray *left, guint i)
{
    TkeReaderInfo *info = tke_reader_info_copy(g_ptr_array_index(left, i));

    g_ptr_array_remove_index(left, i);
    return info;
}

static TkeReaderInfo *
take_named(GPtrArray *left, const char *name)
{
    for (guint i = 0; name != NULL && i < left->len; i++) {
        if (strcmp(((const TkeReaderInfo *) g_ptr_array_index(left, i))->name, name) == 0) {
            return take(left, i);
        }
    }
    return NULL;
}

/* NULL also if two have this key. */
static TkeReaderInfo *
take_remembered(GPtrArray *left, const char *key)
{
    guint found = 0;
    unsigned n = 0;

    for (guint i = 0; key != NULL && i < left->len; i++) {
        g_autofree char *own = tke_reader_dup_key(g_ptr_array_index(left, i));

        if (strcmp(own, key) == 0) {
            found = i;
            n++;
        }
    }
    return n == 1 ? take(left, found) : NULL;
}

static void
take_chosen(TkeReaders *readers, GPtrArray *left, const TkeReaderChoice *choice)
{
    for (unsigned i = 0; i < TKE_READERS; i++) {
        readers->reader[i] = take_named(left, choice->name[i]);
    }
    for (unsigned i = 0; i < TKE_READERS; i++) {
        if (readers->reader[i] == NULL) {
            readers->reader[i] = take_remembered(left, choice->key[i]);
        }
    }
}

/* The free numbers; not to readers of which only the order would tell which gets it. */
static void
take_others(TkeReaders *readers, GPtrArray *left)
{
    for (unsigned i = 0; i < TKE_READERS && left->len > 0 && !readers->unclear; i++) {
        if (readers->reader[i] == NULL) {
            readers->unclear = tke_reader_is_alike(left, g_ptr_array_index(left, 0));
            readers->reader[i] = readers->unclear ? NULL : take(left, 0);
        }
    }
}

static bool
has_real(const GPtrArray *infos)
{
    for (guint i = 0; i < infos->len; i++) {
        if (!((const TkeReaderInfo *) g_ptr_array_index(infos, i))->is_virtual) {
            return true;
        }
    }
    return false;
}

TkeReaders *
tke_readers_assign(GPtrArray *infos, const TkeReaderChoice *choice)
{
    TkeReaders *readers = g_new0(TkeReaders, 1);
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    const bool any_real = has_real(infos);

    for (guint i = 0; i < infos->len; i++) {
        TkeReaderInfo *info = g_ptr_array_index(infos, i);

        if (!info->is_virtual || !any_real) {
            g_ptr_array_add(left, info);
        }
    }
    g_ptr_array_sort(left, compare_readers);
    if (choice != NULL) {
        take_chosen(readers, left, choice);
    }
    take_others(readers, left);
    return readers;
}

void
tke_readers_free(TkeReaders *readers)
{
    if (readers == NULL) {
        return;
    }
    for (unsigned i = 0; i < TKE_READERS; i++) {
        tke_reader_info_free(readers->reader[i]);
    }
    g_free(readers);
}

unsigned
tke_readers_number(const TkeReaders *readers, const char *name)
{
    for (unsigned i = 0; i < TKE_READERS; i++) {
        if (readers->reader[i] != NULL && strcmp(readers->reader[i]->name, name) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static void
set_unclear(GError **error)
{
    g_set_error_literal(
        error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER,
        _("the readers cannot be told apart: no serial number and no port is known of them"));
    if (error != NULL) {
        tke_card_error_set_remedy(
            *error,
            _("Use “tke readers --identify”: a card that is put in tells which is reader 1."));
    }
}

bool
tke_readers_need_both(const TkeReaders *readers, GError **error)
{
    unsigned n = 0;

    for (unsigned i = 0; i < TKE_READERS; i++) {
        n += readers->reader[i] != NULL ? 1 : 0;
    }
    if (n == TKE_READERS) {
        return true;
    }
    if (readers->unclear) {
        set_unclear(error);
        return false;
    }
    g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER,
                        n == 0 ? _("no card reader was found; two are needed")
                               : _("only one card reader was found; two are needed"));
    return false;
}

const TkeReaderInfo *
tke_readers_get(const TkeReaders *readers, unsigned number, GError **error)
{
    g_autoptr(GError) inner = NULL;

    g_return_val_if_fail(number >= 1 && number <= TKE_READERS, NULL);
    if (readers->reader[number - 1] != NULL) {
        return readers->reader[number - 1];
    }
    if (readers->unclear) {
        set_unclear(error);
        return NULL;
    }
    inner =
        g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER, _("there is no reader %u"), number);
    tke_card_error_set_reader(inner, number, NULL);
    g_propagate_error(error, g_steal_pointer(&inner));
    return NULL;
}
