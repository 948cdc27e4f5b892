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

/* pcscd with the leaks told that are not its own; without sanitizers it is just pcscd. */
static void
enter_watched(PrivatePcscd **place)
{
    static const char *const environment[] = {
        "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=1:fast_unwind_on_malloc=0",
        "LSAN_OPTIONS=print_suppressions=0:suppressions=" LEAKS_OF_PCSCD, NULL
    };
    const SimPcscdOptions options = { .environment = environment };

    *place = private_pcscd_enter(&options, NULL);
}

START_TEST(test_a_thousand_cards_leave_nothing_behind)
    {
        PrivatePcscd *place = NULL;
        SCARDCONTEXT context = 0;
        unsigned files[2];
        unsigned threads[2];
        g_autofree char *log = NULL;

        enter_watched(&place);
        context = talk_new_context();
        use_card(place, context, "ca-1", &files[0], &threads[0]);
        for (unsigned i = 0; i < CYCLES; i++) {
            use_card(place, context, i % 2 == 0 ? "ca-2" : "ep11-1", &files[1], &threads[1]);
        }
        /* A reader's thread that waits has a file that one that does not wait has not. */
        ck_assert_uint_le(files[1], files[0] + 2);
        ck_assert_uint_le(threads[1], threads[0]);
        ck_assert_uint_lt(count_entries("fd", place->sim), 64);
        SCardReleaseContext(context);
        sim_pcscd_stop(place->pcscd, SIGINT); /* closes the driver */
        log = sim_pcscd_dup_log(place->pcscd);
        ck_assert_msg(strstr(log, "LeakSanitizer") == NULL, "%s",
                      strstr(log, "LeakSanitizer") == NULL ? "" : strstr(log, "LeakSanitizer"));
        private_pcscd_leave(place);
    }
END_TEST

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
    tcase_add_test(tests, test_a_hundred_starts_of_pcscd_lose_no_reader);
}

int
main(void)
{
    return private_pcscd_main("ifd-endurance", add_tests);
}
