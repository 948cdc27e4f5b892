/*
 * Secrets: where they live, that they are wiped, and what happens when there is no room.
 */
#include "common/secret.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define NOBODY 65534

/* What was tried before the heap was set up, which can be done only once in a process. */
static bool refused_without_heap;
static bool refused_without_lock;

/* In a child, because a heap that could not be locked is the end of a program. */
static bool
heap_is_refused_when_memory_cannot_be_locked(void)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        const struct rlimit none = { 0 };
        GError *error = NULL;

        if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && seteuid(NOBODY) != 0) ||
            tke_secret_heap_init(&error) ||
            !g_error_matches(error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY) ||
            strstr(error->message, "ulimit") == NULL || tke_secret_new(16, NULL) != NULL) {
            _exit(1);
        }
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* The line of /proc/self/smaps with the flags of the mapping that holds an address; "" if none. */
static char *
mapping_flags(const void *address)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    bool inside = false;

    ck_assert(g_file_get_contents("/proc/self/smaps", &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        unsigned long start = 0;
        unsigned long end = 0;

        if (sscanf(lines[i], "%lx-%lx ", &start, &end) == 2) {
            inside = (unsigned long) address >= start && (unsigned long) address < end;
        } else if (inside && g_str_has_prefix(lines[i], "VmFlags:")) {
            return g_strconcat(lines[i], " ", NULL);
        }
    }
    return g_strdup("");
}

/* An emulator may ignore the request to leave memory out of dumps; asked of a page of our own. */
static bool
system_can_leave_memory_out_of_dumps(void)
{
    size_t size = (size_t) sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_autofree char *flags = NULL;

    ck_assert_ptr_ne(page, MAP_FAILED);
    ck_assert_int_eq(madvise(page, size, MADV_DONTDUMP), 0);
    flags = mapping_flags(page);
    munmap(page, size);
    return strstr(flags, " dd ") != NULL;
}

START_TEST(test_no_secret_without_a_heap)
{
    ck_assert(refused_without_heap);
}
END_TEST

START_TEST(test_a_heap_that_cannot_be_locked_is_refused)
{
    ck_assert(refused_without_lock);
}
END_TEST

START_TEST(test_a_secret_lies_in_locked_memory_that_is_not_dumped)
{
    g_autoptr(TkeSecret) secret = tke_secret_new(32, NULL);
    g_autofree char *flags = mapping_flags(tke_secret_bytes(secret, NULL));
    g_autofree char *ordinary = mapping_flags(flags);

    ck_assert_msg(strstr(flags, " lo ") != NULL, "not locked: %s", flags);
    ck_assert_msg(strstr(flags, " dd ") != NULL || !system_can_leave_memory_out_of_dumps(),
                  "in core dumps: %s", flags);
    ck_assert_msg(strstr(ordinary, " lo ") == NULL, "all is locked: %s", ordinary);
}
END_TEST

START_TEST(test_a_second_set_up_does_nothing)
{
    g_autoptr(TkeSecret) secret = test_bytes_secret("0102");

    ck_assert(tke_secret_heap_init(NULL));
    test_bytes_check_secret(secret, "0102");
}
END_TEST

START_TEST(test_a_new_secret_is_zero_and_has_its_length)
{
    g_autoptr(TkeSecret) secret = tke_secret_new(33, NULL);
    size_t len = 0;

    ck_assert_ptr_eq(tke_secret_bytes(secret, &len), tke_secret_fill(secret, NULL));
    ck_assert_uint_eq(len, 33);
    ck_assert_uint_eq(tke_secret_len(secret), 33);
    for (size_t i = 0; i < len; i++) {
        ck_assert_uint_eq(tke_secret_bytes(secret, NULL)[i], 0);
    }
}
END_TEST

START_TEST(test_a_freed_secret_is_wiped)
{
    TkeSecret *secret = tke_secret_new(64, NULL);
    const volatile uint8_t *bytes = tke_secret_bytes(secret, NULL);

    memset(tke_secret_fill(secret, NULL), 0xa5, 64);
    tke_secret_free(secret);
    for (size_t i = 16; i < 64; i++) { /* the first bytes link the free blocks */
        ck_assert_uint_eq(bytes[i], 0);
    }
    tke_secret_free(NULL);
}
END_TEST

START_TEST(test_lengths_out_of_range_are_refused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) largest = tke_secret_new(TKE_SECRET_MAX, NULL);

    ck_assert_ptr_nonnull(largest);
    ck_assert_ptr_null(tke_secret_new(0, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY);
    g_clear_error(&error);
    ck_assert_ptr_null(tke_secret_new(TKE_SECRET_MAX + 1, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY);
}
END_TEST

START_TEST(test_a_full_heap_is_an_error_and_not_the_end)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify) tke_secret_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) again = NULL;

    for (;;) {
        TkeSecret *secret = tke_secret_new(4096, &error);

        if (secret == NULL) {
            break;
        }
        g_ptr_array_add(all, secret);
        ck_assert_uint_le(all->len, TKE_SECRET_HEAP_SIZE / 4096);
    }
    ck_assert_uint_gt(all->len, 4);
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY);
    g_ptr_array_set_size(all, 0);
    again = tke_secret_new(4096, NULL);
    ck_assert_ptr_nonnull(again);
}
END_TEST

START_TEST(test_random_secrets_differ)
{
    g_autoptr(TkeSecret) a = tke_secret_new_random(32, NULL);
    g_autoptr(TkeSecret) b = tke_secret_new_random(32, NULL);

    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    ck_assert(!tke_secret_equal(a, b));
}
END_TEST

START_TEST(test_slices_stay_inside)
{
    g_autoptr(TkeSecret) secret = test_bytes_secret("00010203");
    g_autoptr(TkeSecret) tail = tke_secret_new_slice(secret, 2, 2, NULL);
    g_autoptr(TkeSecret) whole = tke_secret_new_slice(secret, 0, 4, NULL);
    static const size_t wrong[][2] = { { 2, 3 }, { 4, 1 },        { 5, 0 },
                                       { 0, 0 }, { 1, SIZE_MAX }, { SIZE_MAX, 1 } };

    test_bytes_check_secret(tail, "0203");
    test_bytes_check_secret(whole, "00010203");
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tke_secret_new_slice(secret, wrong[i][0], wrong[i][1], &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

START_TEST(test_equal_means_length_and_every_byte)
{
    g_autoptr(TkeSecret) a = test_bytes_secret("00010203");
    g_autoptr(TkeSecret) same = test_bytes_secret("00010203");
    g_autoptr(TkeSecret) last = test_bytes_secret("00010202");
    g_autoptr(TkeSecret) first = test_bytes_secret("80010203");
    g_autoptr(TkeSecret) shorter = test_bytes_secret("000102");

    ck_assert(tke_secret_equal(a, same));
    ck_assert(!tke_secret_equal(a, last));
    ck_assert(!tke_secret_equal(a, first));
    ck_assert(!tke_secret_equal(a, shorter));
    ck_assert(tke_bytes_equal((const uint8_t *) "ab", (const uint8_t *) "ac", 1));
    ck_assert(!tke_bytes_equal((const uint8_t *) "ab", (const uint8_t *) "ac", 2));
}
END_TEST

START_TEST(test_xor_combines_key_parts)
{
    g_autoptr(TkeSecret) a = test_bytes_secret("00ff55aa");
    g_autoptr(TkeSecret) b = test_bytes_secret("0f0f0f0f");

    tke_secret_xor(a, b);
    test_bytes_check_secret(a, "0ff05aa5");
    test_bytes_check_secret(b, "0f0f0f0f");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_no_secret_without_a_heap);
    tcase_add_test(tests, test_a_heap_that_cannot_be_locked_is_refused);
    tcase_add_test(tests, test_a_secret_lies_in_locked_memory_that_is_not_dumped);
    tcase_add_test(tests, test_a_second_set_up_does_nothing);
    tcase_add_test(tests, test_a_new_secret_is_zero_and_has_its_length);
    tcase_add_test(tests, test_a_freed_secret_is_wiped);
    tcase_add_test(tests, test_lengths_out_of_range_are_refused);
    tcase_add_test(tests, test_a_full_heap_is_an_error_and_not_the_end);
    tcase_add_test(tests, test_random_secrets_differ);
    tcase_add_test(tests, test_slices_stay_inside);
    tcase_add_test(tests, test_equal_means_length_and_every_byte);
    tcase_add_test(tests, test_xor_combines_key_parts);
}

int
main(void)
{
    g_autoptr(GError) error = NULL;
    TkeSecret *early = tke_secret_new(16, &error);

    refused_without_heap =
        early == NULL && g_error_matches(error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY);
    refused_without_lock = heap_is_refused_when_memory_cannot_be_locked();
    return test_main("secret", add_tests);
}
