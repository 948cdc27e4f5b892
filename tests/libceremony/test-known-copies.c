/*
 * What an activity log tells of backups of a CA card.
 */
#include "libceremony/known-copies.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tests/support/test-main.h"

#define OWN "0101-0101-0101-0101"
#define OTHER "0404-0404-0404-0404"
#define BACKUP(card, source)                                                                       \
    "{\"action\":\"opentke-zone.backup\",\"card\":{\"id\":\"" card                                 \
    "\"},\"source\":{\"id\":\"" source "\"},\"result\":\"done\"}\n"
#define ERASE(card) "{\"action\":\"opentke-card.erase\",\"card\":{\"id\":\"" card "\"}}\n"

static void
check(const char *text, const char *to, const char *from)
{
    static const uint8_t own_id[TKE_CARD_ID_LEN] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    g_autofree char *dir = g_dir_make_tmp("opentke-log-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "activity.log", NULL);
    g_autoptr(TkeActivityLog) log = tke_activity_log_new(path, true);
    g_autoptr(TkeKnownCopies) copies = NULL;

    ck_assert(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    copies = tke_known_copies_read(log, own_id);
    ck_assert_uint_eq(copies->to->len, to != NULL ? 1 : 0);
    ck_assert_uint_eq(copies->from->len, from != NULL ? 1 : 0);
    if (to != NULL) {
        ck_assert_str_eq(copies->to->pdata[0], to);
    }
    if (from != NULL) {
        ck_assert_str_eq(copies->from->pdata[0], from);
    }
    g_remove(path);
    g_rmdir(dir);
}

START_TEST(test_a_backup_is_known_until_it_is_erased)
{
    check(BACKUP(OTHER, OWN), OTHER, NULL);
    check(BACKUP(OWN, OTHER), NULL, OTHER);
    check(BACKUP(OTHER, OWN) BACKUP(OTHER, OWN), OTHER, NULL);
    check(BACKUP(OTHER, OWN) ERASE(OTHER), NULL, NULL);
}
END_TEST

START_TEST(test_a_card_is_no_backup_of_itself)
{
    check(BACKUP(OWN, OWN), NULL, NULL);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_backup_is_known_until_it_is_erased);
    tcase_add_test(tests, test_a_card_is_no_backup_of_itself);
}

int
main(void)
{
    return test_main("known-copies", add_tests);
}
