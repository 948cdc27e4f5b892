/*
 * Loading and installing in tests of virtual cards.
 */
#include <check.h>
#include <string.h>

#include "tests/simulator/gp-host.h"
#include "tests/support/test-bytes.h"

static void
add_component(GByteArray *file, uint8_t tag, const uint8_t *content, size_t len)
{
    const uint8_t head[] = { tag, (uint8_t) (len >> 8), (uint8_t) len };

    g_byte_array_append(file, head, sizeof head);
    g_byte_array_append(file, content, (guint) len);
}

GByteArray *
gp_host_file(size_t len)
{
    static const uint8_t order[] = { 2, 4, 3, 6, 7, 8, 10, 5, 9 };
    g_autoptr(GByteArray) header = test_bytes("decaffed 02 02 04 00 01 07" GP_PACKAGE);
    g_autofree uint8_t *method = g_malloc0(len + 1);
    const uint8_t rest[] = { 0x11, 0x22, 0x33 };
    GByteArray *file = g_byte_array_new();

    for (size_t i = 0; i < len; i++) {
        method[i] = (uint8_t) (i * 7);
    }
    add_component(file, 1, header->data, header->len);
    for (size_t i = 0; i < sizeof order; i++) {
        if (order[i] == 7) {
            add_component(file, 7, method, len);
        } else {
            add_component(file, order[i], rest, sizeof rest);
        }
    }
    return file;
}

unsigned
gp_host_load(GpHost *host, const GByteArray *file, size_t block)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    const uint8_t head[] = { 0xC4, 0x82, (uint8_t) (file->len >> 8), (uint8_t) file->len };
    unsigned number = 0;
    unsigned sw = 0x9000;

    ck_assert_uint_gt(file->len, 255);
    g_byte_array_append(all, head, sizeof head);
    g_byte_array_append(all, file->data, file->len);
    for (size_t at = 0; at < all->len && sw == 0x9000; at += block, number++) {
        g_autoptr(GByteArray) data = g_byte_array_new();
        size_t n = MIN(block, all->len - at);
        g_autofree char *header =
            g_strdup_printf("80e8%s%02x", at + n == all->len ? "80" : "00", number);
        g_autofree char *answer = NULL;

        g_byte_array_append(data, all->data + at, (guint) n);
        answer = gp_host_send_bytes(host, header, data);
        sw = (unsigned) g_ascii_strtoull(answer + strlen(answer) - 4, NULL, 16);
    }
    return sw;
}

void
gp_host_install_all(GpHost *host, unsigned kind)
{
    g_autoptr(GByteArray) file = gp_host_file(3000);
    g_autofree char *deleted = gp_host_send(host, "80e40080", "4f07" GP_PACKAGE);

    ck_assert(g_str_has_suffix(deleted, "9000") || g_str_has_suffix(deleted, "6a88"));
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    ck_assert_uint_eq(gp_host_load(host, file, 200), 0x9000);
    gp_host_expect(host, "80e60c00", kind == SIM_CARD_CA ? GP_FOR_CA : GP_FOR_EP11, "009000");
}
