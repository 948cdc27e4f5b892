/*
 * Applet files (Java Card Virtual Machine specification 2.2.2, 4.1 and chapter 6; GlobalPlatform
 * 2.3, 11.6): a ZIP whose entries <package>/javacard/<Component>.cap are put together in the order
 * in which a card takes them.
 */
#include "libsmartcard/cap-file.h"

#include <string.h>
#include <zip.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/safe-file.h"
#include "libsmartcard/cap-component.h"

#define COMPONENT_MAX 65538u /* tag, size and 65535 bytes */
#define NAME_MAX_LEN 255u
#define SUFFIX ".cap"
#define FOLDER "/javacard/"

struct TkeCapFile {
    char *name; /* for errors */
    GByteArray *load_file;
    TkeCapPackage package;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(zip_t, zip_discard)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(zip_file_t, zip_fclose)

/* The components as they are found. */
typedef struct Contents {
    GByteArray *components[TKE_CAP_COMPONENTS];
    char *folder; /* of the first component; all others are there too */
    size_t loaded;
} Contents;

static void
contents_clear(Contents *contents)
{
    for (unsigned i = 0; i < TKE_CAP_COMPONENTS; i++) {
        g_clear_pointer(&contents->components[i], g_byte_array_unref);
    }
    g_clear_pointer(&contents->folder, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Contents, contents_clear)

/* "no applet file: WHY"; takes why. */
static bool
refuse(GError **error, const char *name, char *why)
{
    g_autofree char *display = g_filename_display_name(name);

    g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                _("applet file %s cannot be used: %s; put the file of an OpenTKE release in its "
                  "place"),
                display, why);
    g_free(why);
    return false;
}

/* A relative path without anything that means more than a name; names of packages are printable
 * ASCII here. */
static bool
is_plain_path(const char *path)
{
    g_auto(GStrv) parts = NULL;
    size_t len = strlen(path);

    if (len == 0 || len > NAME_MAX_LEN || strpbrk(path, "\\:") != NULL) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if ((uint8_t) path[i] < 0x20 || (uint8_t) path[i] >= 0x7F) {
            return false;
        }
    }
    parts = g_strsplit(path, "/", -1);
    for (unsigned i = 0; parts[i] != NULL; i++) {
        bool is_folder_end = parts[i + 1] == NULL && i > 0;

        if ((*parts[i] == '\0' && !is_folder_end) || strcmp(parts[i], ".") == 0 ||
            strcmp(parts[i], "..") == 0) {
            return false;
        }
    }
    return true;
}

/*
 * Which component an entry is, and the length of its folder's name; TKE_CAP_COMPONENTS for
 * anything else in the ZIP. False: it looks like a component and is none.
 */
static bool
identify(const char *path, TkeCapComponent *component, size_t *folder_len)
{
    const char *base = strrchr(path, '/');
    size_t path_len = strlen(path);
    size_t base_len;

    *component = TKE_CAP_COMPONENTS;
    base = base != NULL ? base + 1 : path;
    base_len = strlen(base);
    if (base_len < strlen(SUFFIX) ||
        g_ascii_strcasecmp(base + base_len - strlen(SUFFIX), SUFFIX) != 0) {
        return true;
    }
    *folder_len = path_len - base_len;
    if (*folder_len < strlen(FOLDER) ||
        strncmp(base - strlen(FOLDER), FOLDER, strlen(FOLDER)) != 0) {
        return false;
    }
    for (unsigned i = 0; i < TKE_CAP_COMPONENTS; i++) {
        const char *file = tke_cap_component_get(i)->file;

        if (strlen(file) + strlen(SUFFIX) == base_len && strncmp(base, file, strlen(file)) == 0 &&
            strcmp(base + strlen(file), SUFFIX) == 0) {
            *component = i;
            return true;
        }
    }
    return false;
}

/* The bytes of one entry whose size was found acceptable; NULL with why set. */
static GByteArray *
inflate(zip_t *zip, zip_uint64_t index, zip_uint64_t size, const char *path, char **why)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(zip_file_t) file = zip_fopen_index(zip, index, 0);
    uint8_t one_more = 0;
    zip_int64_t count = 0;

    if (file == NULL) {
        *why = g_strdup_printf(_("%s cannot be unpacked (%s)"), path, zip_strerror(zip));
        return NULL;
    }
    g_byte_array_set_size(bytes, (guint) size);
    count = zip_fread(file, bytes->data, size);
    /* The end must be reached: only then its checksum is compared. */
    if (count < 0 || (zip_uint64_t) count != size || zip_fread(file, &one_more, 1) != 0) {
        *why = g_strdup_printf(_("%s is damaged"), path);
        return NULL;
    }
    return g_steal_pointer(&bytes);
}

static bool
check_entry(const zip_stat_t *entry, char **why)
{
    const zip_uint64_t must = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;

    if ((entry->valid & must) != must || entry->encryption_method != ZIP_EM_NONE ||
        (entry->comp_method != ZIP_CM_STORE && entry->comp_method != ZIP_CM_DEFLATE)) {
        *why = g_strdup_printf(_("%s is encrypted, or packed in a way that applet files do not "
                                 "use"),
                               entry->name);
    } else if (entry->size > COMPONENT_MAX) {
        *why = g_strdup_printf(_("%s is too large for a component"), entry->name);
    } else {
        return true;
    }
    return false;
}

static bool
take_component(zip_t *zip, const zip_stat_t *entry, TkeCapComponent component, size_t folder_len,
               Contents *contents, char **why)
{
    if (contents->components[component] != NULL) {
        *why = g_strdup_printf(_("component %s is there twice"),
                               tke_cap_component_get(component)->file);
        return false;
    }
    if (contents->folder == NULL) {
        contents->folder = g_strndup(entry->name, folder_len);
    } else if (strlen(contents->folder) != folder_len ||
               strncmp(contents->folder, entry->name, folder_len) != 0) {
        *why = g_strdup(_("it holds more than one package"));
        return false;
    }
    if (!check_entry(entry, why)) {
        return false;
    }
    if (tke_cap_component_get(component)->loaded) {
        contents->loaded += entry->size;
        if (contents->loaded > TKE_CAP_FILE_LOAD_MAX) {
            *why = g_strdup_printf(_("it has more than %u bytes to load"), TKE_CAP_FILE_LOAD_MAX);
            return false;
        }
    }
    contents->components[component] = inflate(zip, entry->index, entry->size, entry->name, why);
    return contents->components[component] != NULL;
}

static bool
take_entry(zip_t *zip, zip_uint64_t index, Contents *contents, char **why)
{
    TkeCapComponent component = TKE_CAP_COMPONENTS;
    size_t folder_len = 0;
    zip_stat_t entry;

    zip_stat_init(&entry);
    if (zip_stat_index(zip, index, ZIP_FL_ENC_RAW, &entry) != 0 ||
        (entry.valid & ZIP_STAT_NAME) == 0 || !is_plain_path(entry.name)) {
        *why = g_strdup(_("a name in it is not a plain relative path"));
        return false;
    }
    if (!identify(entry.name, &component, &folder_len)) {
        *why = g_strdup_printf(_("%s is no component of a CAP file"), entry.name);
        return false;
    }
    return component == TKE_CAP_COMPONENTS ||
           take_component(zip, &entry, component, folder_len, contents, why);
}

static zip_t *
open_zip(const uint8_t *data, size_t len, char **why)
{
    zip_t *zip = NULL;
    zip_source_t *source = NULL;
    zip_error_t reason;

    zip_error_init(&reason);
    source = zip_source_buffer_create(data, len, 0, &reason);
    zip = source != NULL ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &reason) : NULL;
    if (zip == NULL) {
        zip_source_free(source);
        *why =
            g_strdup_printf(_("it is no ZIP file, or damaged (%s)"), zip_error_strerror(&reason));
    }
    zip_error_fini(&reason);
    return zip;
}

static bool
read_zip(const uint8_t *data, size_t len, Contents *contents, char **why)
{
    g_autoptr(zip_t) zip = NULL;
    zip_int64_t n = 0;

    if (len > TKE_CAP_FILE_MAX) {
        *why = g_strdup_printf(_("it has more than %u bytes"), TKE_CAP_FILE_MAX);
        return false;
    }
    zip = open_zip(data, len, why);
    if (zip == NULL) {
        return false;
    }
    n = zip_get_num_entries(zip, 0);
    if (n < 0 || n > (zip_int64_t) TKE_CAP_FILE_ENTRIES_MAX) {
        *why = g_strdup_printf(_("it has more than %u entries"), TKE_CAP_FILE_ENTRIES_MAX);
        return false;
    }
    for (zip_int64_t i = 0; i < n; i++) {
        if (!take_entry(zip, (zip_uint64_t) i, contents, why)) {
            return false;
        }
    }
    return true;
}

TkeCapFile *
tke_cap_file_new(const uint8_t *data, size_t len, const char *name, GError **error)
{
    g_auto(Contents) contents = { 0 };
    TkeCapPackage package = { 0 };
    TkeCapFile *cap = NULL;
    char *why = NULL;

    g_return_val_if_fail(data != NULL || len == 0, NULL);

    if (!read_zip(data, len, &contents, &why) ||
        !tke_cap_component_check(contents.components, &package, &why)) {
        refuse(error, name, why);
        return NULL;
    }
    cap = g_new0(TkeCapFile, 1);
    cap->name = g_strdup(name);
    cap->package = package;
    cap->load_file = g_byte_array_new();
    for (unsigned i = 0; i < TKE_CAP_COMPONENTS; i++) {
        const GByteArray *component = contents.components[i];

        if (component != NULL && tke_cap_component_get(i)->loaded) {
            g_byte_array_append(cap->load_file, component->data, component->len);
        }
    }
    return cap;
}

TkeCapFile *
tke_cap_file_load(const char *path, GError **error)
{
    g_autoptr(GByteArray) data = tke_safe_file_read(path, TKE_CAP_FILE_MAX, NULL, error);

    return data != NULL ? tke_cap_file_new(data->data, data->len, path, error) : NULL;
}

void
tke_cap_file_free(TkeCapFile *cap)
{
    if (cap != NULL) {
        g_byte_array_unref(cap->load_file);
        g_free(cap->name);
        g_free(cap);
    }
}

const uint8_t *
tke_cap_file_get_load_file(const TkeCapFile *cap, size_t *len)
{
    *len = cap->load_file->len;
    return cap->load_file->data;
}

const TkeGpAid *
tke_cap_file_get_package(const TkeCapFile *cap)
{
    return &cap->package.aid;
}

void
tke_cap_file_get_version(const TkeCapFile *cap, unsigned *major, unsigned *minor)
{
    *major = cap->package.major;
    *minor = cap->package.minor;
}

const char *
tke_cap_file_get_package_name(const TkeCapFile *cap)
{
    return cap->package.name;
}

unsigned
tke_cap_file_get_n_applets(const TkeCapFile *cap)
{
    return cap->package.n_applets;
}

const TkeGpAid *
tke_cap_file_get_applet(const TkeCapFile *cap, unsigned index)
{
    g_return_val_if_fail(index < cap->package.n_applets, NULL);
    return &cap->package.applets[index];
}

static bool
has_applet(const TkeCapFile *cap, const TkeGpAid *aid)
{
    for (unsigned i = 0; i < cap->package.n_applets; i++) {
        if (tke_gp_aid_equal(&cap->package.applets[i], aid)) {
            return true;
        }
    }
    return false;
}

bool
tke_cap_file_check_ours(const TkeCapFile *cap, GError **error)
{
    if (!tke_gp_aid_equal(&cap->package.aid, &tke_gp_aid_package)) {
        g_autofree char *aid = tke_gp_aid_text(&cap->package.aid);

        return refuse(error, cap->name,
                      g_strdup_printf(_("it holds package %s, which is not OpenTKE's"), aid));
    }
    if (!has_applet(cap, &tke_gp_aid_ca) || !has_applet(cap, &tke_gp_aid_ep11)) {
        return refuse(error, cap->name,
                      g_strdup(_("it does not hold both the CA and the EP11 applet")));
    }
    return true;
}

bool
tke_cap_file_is_rehearsal(const TkeCapFile *cap)
{
    return strcmp(cap->package.name, TKE_CAP_FILE_REHEARSAL) == 0;
}
