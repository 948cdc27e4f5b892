/*
 * Answers to reset.
 */
#include <check.h>

#include "libsmartcard/atr.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static const struct {
    const char *atr;
    const char *protocols; /* NULL: is none */
    const char *historical;
} rows[] = {
    /* J3R180 as its data sheets show it, and the one of the virtual cards */
    { "3bd518ff8191fe1fc38073c8211309", "T=1", ".s.!." },
    { "3b8b8131fe454f70656e544b452073696db9", "T=1", "OpenTKE sim" },
    { "3b00", "T=0", "" },
    { "3b02144f", "T=0", ".O" },
    { "3f0141", "T=0", "A" },
    { "3b80800101", "T=0, T=1", "" },
    { "3b80801f0d12", "T=0", "" }, /* T=0, then bytes for all protocols: a check byte */
    { "3b90110180", "T=1", "" },
    { "", NULL, NULL },
    { "3b", NULL, NULL },
    { "3a00", NULL, NULL },
    { "0000", NULL, NULL },
    { "3b01", NULL, NULL },     /* a historical byte is missing */
    { "3b0000", NULL, NULL },   /* one too many */
    { "3b10", NULL, NULL },     /* TA is missing */
    { "3b80", NULL, NULL },     /* TD is missing */
    { "3b8001", NULL, NULL },   /* the check byte is missing */
    { "3b800180", NULL, NULL }, /* and wrong */
    { "3b8b8131fe454f70656e544b452073696db8", NULL, NULL },
    { "3b80808080808080808080808080808080808080808080808080808080808080808001", NULL, NULL },
};

START_TEST(test_answers_to_reset_are_taken_apart_or_refused)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) bytes = test_bytes(rows[i].atr);
        TkeAtr atr = { .first = 99 };
        const bool ok = tke_atr_parse(bytes->data, bytes->len, &atr);

        ck_assert_msg(ok == (rows[i].protocols != NULL), "%s", rows[i].atr);
        if (ok) {
            g_autofree char *protocols = tke_atr_dup_protocols(&atr);
            g_autofree char *historical = tke_atr_dup_historical(&atr);

            ck_assert_str_eq(protocols, rows[i].protocols);
            ck_assert_str_eq(historical, rows[i].historical);
        } else {
            ck_assert_uint_eq(atr.first, 99);
        }
    }
}
END_TEST

/* Every beginning of a good one is none, and so is every one with a byte more. */
START_TEST(test_every_length_from_0_to_34_is_looked_at)
{
    g_autoptr(GByteArray) good = test_bytes("3bd518ff8191fe1fc38073c8211309");
    uint8_t longest[34] = { 0x3B, 0x80, 0x80 };
    TkeAtr atr = { 0 };

    for (size_t len = 0; len < good->len; len++) {
        g_autofree uint8_t *exact = g_memdup2(good->data, len);

        ck_assert(!tke_atr_parse(exact, len, &atr));
    }
    for (size_t len = 0; len <= sizeof longest; len++) {
        g_autofree uint8_t *exact = g_memdup2(longest, len);

        (void) tke_atr_parse(exact, len, &atr);
    }
    g_byte_array_append(good, (const uint8_t *) "", 1);
    ck_assert(!tke_atr_parse(good->data, good->len, &atr));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_answers_to_reset_are_taken_apart_or_refused);
    tcase_add_test(tests, test_every_length_from_0_to_34_is_looked_at);
}

int
main(void)
{
    return test_main("atr", add_tests);
}
