/*
 * OpenSSL's error queue as a GError.
 */
#include "common/openssl.h"

#include <openssl/err.h>
#include <string.h>

#include "common/error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

START_TEST(test_the_oldest_reason_is_named_and_the_queue_emptied)
{
    g_autoptr(GError) error = NULL;

    ERR_clear_error();
    ERR_raise(ERR_LIB_EC, ERR_R_MALLOC_FAILURE);
    ERR_raise(ERR_LIB_EC, ERR_R_PASSED_NULL_PARAMETER);
    tke_openssl_set_error(&error, "cannot sign");
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_CRYPTO);
    ck_assert_str_eq(error->message, "cannot sign (malloc failure)");
    ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

START_TEST(test_without_a_reason_the_sentence_stands_alone)
{
    g_autoptr(GError) error = NULL;

    ERR_clear_error();
    tke_openssl_set_error(&error, "cannot sign 100%s");
    ck_assert_ptr_nonnull(error);
    ck_assert_str_eq(error->message, "cannot sign 100%s");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_the_oldest_reason_is_named_and_the_queue_emptied);
    tcase_add_test(tests, test_without_a_reason_the_sentence_stands_alone);
}

int
main(void)
{
    return test_main("openssl", add_tests);
}
