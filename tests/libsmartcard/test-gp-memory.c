/*
 * The memory that decides over tries to open card managers: what no sequence of answers, programs
 * and disks makes it forget. A key set whose opening was answered with a wrong proof of the card is
 * never tried on it again; --retry-cut-off is for those whose proof was right.
 */
#include "common/error.h"
#include "common/hex.h"
#include "tests/libsmartcard/gp-session.h"
#include "tests/support/test-main.h"

#define NAME "GPShell, delete, i=70"
#define PROOF 42u /* a digit of the card's proof in the answer */

/* A memory of two calls: what was noted, and a disk that is full after so many notes. */
typedef struct Notes {
    TkeGpTries before;
    unsigned n;
    TkeGpTries last;
    unsigned room;
    bool retry;
    const char *under; /* the name that before is noted under */
} Notes;

#define ROOM 99u

static bool
look_here(void *data, const char *card, G_GNUC_UNUSED const TkeGpKeySet *keys, TkeGpTries *tries,
          char **under, G_GNUC_UNUSED GError **error)
{
    ck_assert_str_ne(card, "");
    *tries = ((Notes *) data)->before;
    *under = g_strdup(((Notes *) data)->under);
    return true;
}

static bool
note_here(void *data, G_GNUC_UNUSED const char *card, G_GNUC_UNUSED const TkeGpKeySet *keys,
          const TkeGpTries *tries, GError **error)
{
    Notes *notes = data;

    if (notes->n == notes->room) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, "the disk is full");
        return false;
    }
    notes->n++;
    if (notes->last.pending) {
        ck_assert_uint_eq(tries->owner, notes->last.owner); /* else it could not be taken back */
    }
    ck_assert(!tries->pending || tries->owner != 0);
    notes->last = *tries;
    return true;
}

/* The transcript ends where the program has to stop. */
static void
open_noting(TranscriptCard *transcript, const Row *session, Notes *notes, GError **error)
{
    const TkeGpMemory memory = { .look = look_here,
                                 .note = note_here,
                                 .data = notes,
                                 .retry_cut_off = notes->retry,
                                 .place = "FILE" };
    g_autoptr(TkeGpKeySet) keys = keys_of(session);
    g_autoptr(TkeCard) card = card_of(transcript);
    uint8_t challenge[TKE_GP_CHALLENGE];

    challenge_of(session, challenge);
    ck_assert_ptr_null(tke_gp_scp_open_with(card, keys, &memory, challenge, error));
    ck_assert_ptr_null(transcript_card_get_problem(transcript));
}

START_TEST(test_what_may_be_lost_is_noted_before_the_card_is_asked)
{
    const Row *session = find("GPShell, delete, i=70");
    g_autoptr(TranscriptCard) full = transcript_card_new(true);
    g_autoptr(TranscriptCard) lost = transcript_card_new(true);
    g_autoptr(TranscriptCard) refused = transcript_card_new(true);
    g_autoptr(GError) error = NULL;
    Notes notes = { .room = 0 };

    /* nothing is asked that could not be noted, and nothing is proved */
    expect(full, CPLC, "9F7F020102", "9000");
    open_noting(full, session, &notes, &error);
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
    g_clear_error(&error);
    notes.room = 1;
    expect(full, CPLC, "9F7F020102", "9000");
    expect(full, session->a, session->b, "9000");
    open_noting(full, session, &notes, &error);
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
    g_clear_error(&error);

    notes = (Notes){ .room = ROOM };
    expect(lost, CPLC, "9F7F020102", "9000");
    expect(lost, session->a, session->b, "9000");
    transcript_card_expect_fault(lost, session->c, TKE_CARD_ERROR_REMOVED);
    open_noting(lost, session, &notes, &error);
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED);
    ck_assert_msg(strstr(error->message, "counted a failed try") != NULL, "%s", error->message);
    ck_assert_uint_eq(notes.n, 2);
    ck_assert(!notes.last.refused && notes.last.cut_off == 1);
    g_clear_error(&error);

    expect(refused, CPLC, "9F7F020102", "9000");
    expect(refused, session->a, session->b, "9000");
    expect(refused, session->c, "", "6300");
    open_noting(refused, session, &notes, &error);
    ck_assert_uint_eq(notes.n, 5);
    ck_assert(notes.last.refused && notes.last.proven && notes.last.cut_off == 0);
}
END_TEST

START_TEST(test_a_refusal_that_cannot_be_noted_is_told)
{
    const Row *session = find("GPShell, delete, i=70");
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autofree char *answer = g_strdup(session->b);
    g_autoptr(GError) error = NULL;
    Notes notes = { .room = 1 };

    answer[42] = answer[42] == '0' ? '1' : '0';
    expect(transcript, CPLC, "9F7F020102", "9000");
    expect(transcript, session->a, answer, "9000");
    open_noting(transcript, session, &notes, &error);
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    ck_assert_msg(strstr(error->message, "could not be noted for the next time (the disk is "
                                         "full)") != NULL,
                  "%s", error->message);

    /* this process knows it all the same */
    g_clear_error(&error);
    notes.room = ROOM;
    expect(transcript, CPLC, "9F7F020102", "9000");
    open_noting(transcript, session, &notes, &error);
    ck_assert_ptr_nonnull(strstr(error->message, "it is never tried again"));
}
END_TEST

/* The disk is full when the card refuses a right proof: this process does not repeat it by itself;
 * a retry on a person's word is noted again, and is what counts from then on. */
START_TEST(test_a_refusal_of_a_right_proof_that_cannot_be_noted_bars_in_this_process)
{
    const Row *session = find(NAME);
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autoptr(GError) error = NULL;
    Notes notes = { .room = 2 };

    expect(transcript, CPLC, "9F7F020102", "9000");
    expect(transcript, session->a, session->b, "9000");
    expect(transcript, session->c, "", "6300");
    open_noting(transcript, session, &notes, &error);
    ck_assert_ptr_nonnull(strstr(error->message, "could not be noted for the next time"));
    ck_assert(!notes.last.refused);

    g_clear_error(&error);
    notes.room = ROOM;
    expect(transcript, CPLC, "9F7F020102", "9000");
    open_noting(transcript, session, &notes, &error);
    ck_assert_msg(strstr(error->message, "not tried again by itself") != NULL, "%s",
                  error->message);

    notes.retry = true;
    expect(transcript, CPLC, "9F7F020102", "9000");
    transcript_card_expect_fault(transcript, session->a, TKE_CARD_ERROR_REMOVED);
    open_noting(transcript, session, &notes, NULL);
    ck_assert(notes.last.refused && notes.last.proven); /* taken back, and noted for good */

    notes.retry = false; /* as if another program had opened the card meanwhile */
    expect(transcript, CPLC, "9F7F020102", "9000");
    expect(transcript, session->a, "", "6A88");
    open_noting(transcript, session, &notes, NULL);
}
END_TEST

START_TEST(test_a_version_that_the_card_has_not_is_no_refusal_of_keys)
{
    const Row *session = find("GPShell, delete, i=70");
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autoptr(GError) error = NULL;
    Notes notes = { .room = ROOM };
    TkeCardErrorInfo info = { 0 };

    expect(transcript, CPLC, "9F7F020102", "9000");
    expect(transcript, session->a, "", "6A88");
    open_noting(transcript, session, &notes, &error);
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    ck_assert_msg(strstr(error->message, "no issuer keys of the version") != NULL, "%s",
                  error->message);
    ck_assert_uint_eq(notes.n, 1); /* that it could be noted */
    ck_assert(!notes.last.refused && notes.last.cut_off == 0);
    ck_assert(tke_card_error_get_info(error, &info) && info.sw == 0x6A88);
}
END_TEST

START_TEST(test_a_bar_is_told_with_the_name_that_it_is_noted_under)
{
    const Row *session = find(NAME);
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autoptr(GError) error = NULL;
    Notes notes = { .before = { .refused = true, .proven = true }, .room = ROOM, .under = "3b00." };
    TkeCardErrorInfo info = { 0 };

    expect(transcript, CPLC, "9F7F020102", "9000");
    open_noting(transcript, session, &notes, &error);
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_msg(strstr(info.details, "noted in FILE: card 3b00., key set") != NULL, "%s",
                  info.details);
}
END_TEST

/* ---- once more, on a person's word ---- */

static const TkeGpTries refused_though_right = { .refused = true, .proven = true };
static const TkeGpTries cut_off_often = { .cut_off = TKE_GP_CUT_OFF_MAX };

static void
check_final(const Notes *notes)
{
    ck_assert(tke_gp_tries_is_final(&notes->last));
}

/* The card whose proof was right once gives a wrong one: another card, or changed on its way. */
START_TEST(test_a_wrong_proof_in_a_retry_is_final)
{
    const TkeGpTries before[] = { refused_though_right, cut_off_often };
    const Row *session = find(NAME);
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autofree char *answer = g_strdup(session->b);
    g_autoptr(GError) error = NULL;
    Notes notes = { .before = before[_i], .room = ROOM, .retry = true };

    answer[PROOF] = answer[PROOF] == '0' ? '1' : '0';
    expect(transcript, CPLC, "9F7F020102", "9000");
    expect(transcript, session->a, answer, "9000");
    open_noting(transcript, session, &notes, &error);
    ck_assert_ptr_nonnull(strstr(error->message, "are others than the key set"));
    check_final(&notes);

    g_clear_error(&error);
    notes.before = notes.last;
    expect(transcript, CPLC, "9F7F020102", "9000");
    open_noting(transcript, session, &notes, &error);
    ck_assert_ptr_nonnull(strstr(error->message, "it is never tried again"));
}
END_TEST

/* The program ends, or the disk is full, before it can note what the proof was: the note of before
 * stands for a wrong one. */
START_TEST(test_a_retry_whose_end_cannot_be_noted_counts_as_a_wrong_proof)
{
    const TkeGpTries before[] = { refused_though_right, cut_off_often };
    const Row *session = find(NAME);
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autofree char *answer = g_strdup(session->b);
    g_autoptr(GError) error = NULL;
    Notes notes = { .before = before[_i], .room = 1, .retry = true };

    answer[PROOF] = answer[PROOF] == '0' ? '1' : '0';
    expect(transcript, CPLC, "9F7F020102", "9000");
    expect(transcript, session->a, answer, "9000");
    open_noting(transcript, session, &notes, &error);
    ck_assert(notes.last.refused && !notes.last.proven && notes.last.pending);

    tke_gp_scp_forget_refusals(); /* the next program */
    g_clear_error(&error);
    notes = (Notes){ .before = notes.last, .room = ROOM, .retry = true };
    expect(transcript, CPLC, "9F7F020102", "9000");
    open_noting(transcript, session, &notes, &error);
    ck_assert_ptr_nonnull(strstr(error->message, "it is never tried again"));
    ck_assert_uint_eq(notes.n, 0);
}
END_TEST

/* What comes before the proof says nothing about the keys: all is as before, another retry may
 * follow. */
START_TEST(test_a_retry_that_did_not_come_to_the_proof_is_taken_back)
{
    const Row *session = find(NAME);
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autofree char *cut = g_strndup(session->b, PROOF);
    g_autoptr(GError) error = NULL;
    Notes notes = { .before = refused_though_right, .room = ROOM, .retry = true };

    expect(transcript, CPLC, "9F7F020102", "9000");
    expect(transcript, session->a, cut, "9000");
    open_noting(transcript, session, &notes, &error);
    ck_assert(notes.last.refused && notes.last.proven && !notes.last.pending);
    g_clear_error(&error);
    expect(transcript, CPLC, "9F7F020102", "9000");
    expect(transcript, session->a, "", "6A88");
    open_noting(transcript, session, &notes, &error);
    ck_assert(notes.last.refused && notes.last.proven && !notes.last.pending);
    g_clear_error(&error);
    expect(transcript, CPLC, "9F7F020102", "9000");
    transcript_card_expect_fault(transcript, session->a, TKE_CARD_ERROR_REMOVED);
    open_noting(transcript, session, &notes, &error);
    ck_assert(notes.last.refused && notes.last.proven && !notes.last.pending);
}
END_TEST

/* Whatever the memory says, nothing is proved to a card whose own proof is wrong. */
START_TEST(test_a_proof_of_another_session_is_no_proof)
{
    const Row *session = find(NAME);
    const Row *other = find("GPShell, four lists, i=70");
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autoptr(GError) error = NULL;
    Notes notes = { .before = refused_though_right, .room = ROOM, .retry = true };

    expect(transcript, CPLC, "9F7F020102", "9000");
    expect(transcript, session->a, other->b,
           "9000"); /* and EXTERNAL AUTHENTICATE is not expected */
    open_noting(transcript, session, &notes, &error);
    check_final(&notes);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_what_may_be_lost_is_noted_before_the_card_is_asked);
    tcase_add_test(tests, test_a_refusal_that_cannot_be_noted_is_told);
    tcase_add_test(tests,
                   test_a_refusal_of_a_right_proof_that_cannot_be_noted_bars_in_this_process);
    tcase_add_test(tests, test_a_version_that_the_card_has_not_is_no_refusal_of_keys);
    tcase_add_test(tests, test_a_bar_is_told_with_the_name_that_it_is_noted_under);
    tcase_add_loop_test(tests, test_a_wrong_proof_in_a_retry_is_final, 0, 2);
    tcase_add_loop_test(tests, test_a_retry_whose_end_cannot_be_noted_counts_as_a_wrong_proof, 0,
                        2);
    tcase_add_test(tests, test_a_retry_that_did_not_come_to_the_proof_is_taken_back);
    tcase_add_test(tests, test_a_proof_of_another_session_is_no_proof);
}

int
main(void)
{
    return test_main("gp-memory", add_tests);
}
