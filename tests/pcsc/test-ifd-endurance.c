/*
 * Many cards and many starts of pcscd: no leak, no hang, no lost reader.
 */
#include <string.h>

#include "tests/pcsc/pcsc-talk.h"
#include "tests/support/private-pcscd.h"
#include "tests/support/test-main.h"

#define CYCLES 1000
#define RESTARTS 100
#define QUERY_PIN "00200081"
#define NOT_SELECTED "6d00"

static unsigned
count_entries(const char *folder, pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int) pid, folder);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    unsigned n = 0;

    while (dir != NULL && g_dir_read_name(dir) != NULL) {
        n++;
    }
    ck_assert_uint_gt(n, 0);
    return n;
}

/* A card in, used, out. How many files and threads pcscd has while it is used. */
static void
use_card(PrivatePcscd *place, SCARDCONTEXT context, const char *name, unsigned *files,
         unsigned *threads)
{
    const pid_t pid = sim_pcscd_get_pid(place->pcscd);
    SCARDHANDLE card = 0;

    private_pcscd_insert(place, 1, name);
    card = talk_connect(context, PRIVATE_PCSCD_READER_1);
    talk_apdu(card, QUERY_PIN, NOT_SELECTED);
    *files = count_entries("fd", pid);
    *threads = count_entries("task", pid);
    private_pcscd_remove(place, 1);
    talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_EMPTY);
    SCardDisconnect(card, SCARD_LEAVE_CARD);
}

/*
 * pcscd that tells at its end what was not freed; without sanitizers it is just pcscd. Nothing is
 * suppressed: a suppression of what is pcscd's own (leak:pcscd) would be one of everything that
 * pcscd has the driver do.
 */
static PrivatePcscd *
enter_watched(const char *driver)
{
    static const char *const environment[] = {
        "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=1:fast_unwind_on_malloc=0:"
        "stack_trace_format=\"    #%n %f %s:%l (%m)\"",
        "LSAN_OPTIONS=", NULL
    };
    const SimPcscdOptions options = { .environment = environment, .driver = driver };

    return private_pcscd_enter(&options, NULL);
}

/* The leaks of a report in which the driver or what it was linked with had a hand; the caller
 * frees. "": none. */
static char *
leaks_of_driver(const char *log)
{
    g_auto(GStrv) parts = g_strsplit(log, "\n\n", -1);
    g_autoptr(GString) leaks = g_string_new(NULL);

    ck_assert_msg(strstr(log, "LeakSanitizer has encountered") == NULL, "%s", log);
    for (unsigned i = 0; parts[i] != NULL; i++) {
        if (strstr(parts[i], " leak of ") != NULL && strstr(parts[i], "/libifd-") != NULL) {
            g_string_append_printf(leaks, "%s\n", strstr(parts[i], " leak of ") + 1);
        }
    }
    return g_string_free(g_steal_pointer(&leaks), FALSE);
}

/* Ends pcscd so that it closes the driver; what the driver has left behind. */
static char *
end_watched(PrivatePcscd *place)
{
    g_autofree char *log = NULL;

    sim_pcscd_stop(place->pcscd, SIGINT);
    log = sim_pcscd_dup_log(place->pcscd);
    private_pcscd_leave(place);
    return leaks_of_driver(log);
}

START_TEST(test_a_thousand_cards_leave_nothing_behind)
{
    PrivatePcscd *place = enter_watched(NULL);
    SCARDCONTEXT context = talk_new_context();
    unsigned files[2];
    unsigned threads[2];
    g_autofree char *leaks = NULL;

    use_card(place, context, "ca-1", &files[0], &threads[0]);
    for (unsigned i = 0; i < CYCLES; i++) {
        use_card(place, context, i % 2 == 0 ? "ca-2" : "ep11-1", &files[1], &threads[1]);
    }
    /* A reader's thread that waits has a file that one that does not wait has not. */
    ck_assert_uint_le(files[1], files[0] + 2);
    ck_assert_uint_le(threads[1], threads[0]);
    ck_assert_uint_lt(count_entries("fd", place->sim), 64);
    SCardReleaseContext(context);
    leaks = end_watched(place);
    ck_assert_str_eq(leaks, "");
}
END_TEST

#ifdef SIM_PCSCD_SANITIZER
START_TEST(test_a_driver_that_leaks_is_found_out)
{
    PrivatePcscd *place = enter_watched(LEAKING_DRIVER);
    SCARDCONTEXT context = talk_new_context();
    unsigned files = 0;
    unsigned threads = 0;
    g_autofree char *leaks = NULL;

    use_card(place, context, "ca-1", &files, &threads);
    SCardReleaseContext(context);
    leaks = end_watched(place);
    ck_assert_msg(strstr(leaks, "4321 byte") != NULL, "“%s”", leaks);
    ck_assert_msg(strstr(leaks, "power_on") != NULL, "“%s”", leaks);
}
END_TEST
#endif

START_TEST(test_a_hundred_starts_of_pcscd_lose_no_reader)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    const unsigned files = count_entries("fd", place->sim);

    private_pcscd_insert(place, 1, "ca-1");
    for (unsigned i = 0; i < RESTARTS; i++) {
        SCARDCONTEXT context = 0;
        g_autoptr(GError) error = NULL;

        sim_pcscd_stop(place->pcscd, i % 2 == 0 ? SIGTERM : SIGKILL);
        ck_assert_msg(sim_pcscd_start(place->pcscd, &error), "%s",
                      error == NULL ? "" : error->message);
        context = talk_new_context();
        talk_wait_state(context, PRIVATE_PCSCD_READER_2, SCARD_STATE_EMPTY);
        talk_apdu(talk_connect(context, PRIVATE_PCSCD_READER_1), QUERY_PIN, NOT_SELECTED);
        SCardReleaseContext(context);
    }
    /* The readers' connections to tke-sim, and those that are just ending. */
    ck_assert_uint_le(count_entries("fd", place->sim), files + 16);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_thousand_cards_leave_nothing_behind);
#ifdef SIM_PCSCD_SANITIZER
    tcase_add_test(tests, test_a_driver_that_leaks_is_found_out);
#endif
    tcase_add_test(tests, test_a_hundred_starts_of_pcscd_lose_no_reader);
}

int
main(void)
{
    return private_pcscd_main("ifd-endurance", add_tests);
}
