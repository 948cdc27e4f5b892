/*
 * The components of an applet file, behind the ZIP layer (libsmartcard/cap-component.h): which are
 * there (2 bytes, bit n: component n in loading order), then the length (2 bytes) and the bytes of
 * each; what a length has too much is cut.
 */
#include "libsmartcard/cap-component.h"

#include <string.h>

#include "common/byte-cursor.h"
#include "tests/fuzz/fuzz.h"

#define HEAD 3u
#define NOTHING 0xEE

static GByteArray *
take_component(TkeByteCursor *cursor)
{
    GByteArray *component = g_byte_array_new();
    const uint8_t *bytes = NULL;
    uint16_t len = 0;
    size_t taken = 0;

    if (!tke_byte_cursor_u16(cursor, &len)) {
        return component;
    }
    taken = MIN(len, tke_byte_cursor_left(cursor));
    if (taken > 0 && tke_byte_cursor_bytes(cursor, taken, &bytes)) {
        /* of exactly this size, so that a read past the end is seen */
        g_byte_array_unref(component);
        component = g_byte_array_new_take(g_memdup2(bytes, taken), taken);
    }
    return component;
}

static void
check_package(GByteArray *const *components, const TkeCapPackage *package)
{
    size_t name_len = strnlen(package->name, sizeof package->name);

    FUZZ_REQUIRE(package->aid.len >= TKE_GP_AID_MIN && package->aid.len <= TKE_GP_AID_MAX);
    FUZZ_REQUIRE(package->n_applets >= 1 && package->n_applets <= TKE_CAP_FILE_APPLETS_MAX);
    FUZZ_REQUIRE(name_len < sizeof package->name);
    for (size_t i = 0; i < name_len; i++) {
        FUZZ_REQUIRE(package->name[i] > 0x20 && package->name[i] <= 0x7E);
    }
    for (unsigned i = 0; i < package->n_applets; i++) {
        FUZZ_REQUIRE(package->applets[i].len >= TKE_GP_AID_MIN &&
                     package->applets[i].len <= TKE_GP_AID_MAX);
        for (unsigned j = 0; j < i; j++) {
            FUZZ_REQUIRE(!tke_gp_aid_equal(&package->applets[i], &package->applets[j]));
        }
    }
    for (unsigned i = 0; i < TKE_CAP_COMPONENTS; i++) {
        const TkeCapComponentRow *row = tke_cap_component_get(i);

        FUZZ_REQUIRE(components[i] != NULL || !row->must);
        FUZZ_REQUIRE(components[i] == NULL ||
                     (components[i]->len >= HEAD && components[i]->data[0] == row->tag));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeByteCursor cursor = tke_byte_cursor(data, size);
    GByteArray *components[TKE_CAP_COMPONENTS] = { NULL };
    TkeCapPackage package;
    TkeCapPackage untouched;
    g_autofree char *why = NULL;
    uint16_t there = 0;

    memset(&package, NOTHING, sizeof package);
    memset(&untouched, NOTHING, sizeof untouched);
    if (!tke_byte_cursor_u16(&cursor, &there)) {
        return 0;
    }
    for (unsigned i = 0; i < TKE_CAP_COMPONENTS; i++) {
        components[i] = ((unsigned) there >> i & 1u) != 0 ? take_component(&cursor) : NULL;
    }
    if (tke_cap_component_check(components, &package, &why)) {
        FUZZ_REQUIRE(why == NULL);
        check_package(components, &package);
    } else {
        FUZZ_REQUIRE(why != NULL && *why != '\0' && g_utf8_validate(why, -1, NULL));
        FUZZ_REQUIRE(memcmp(&package, &untouched, sizeof package) == 0);
    }
    for (unsigned i = 0; i < TKE_CAP_COMPONENTS; i++) {
        g_clear_pointer(&components[i], g_byte_array_unref);
    }
    return 0;
}
