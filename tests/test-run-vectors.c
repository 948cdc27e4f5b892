/*
 * run-vectors itself: what it must call a failure, and files of other names.
 */
#include <ctype.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define GOOD                                                                                       \
    "{\"name\":\"length/0\",\"note\":\"\",\"inputs\":{\"length\":5},"                              \
    "\"expected\":{\"encoding_hex\":\"05\",\"outcome\":\"ok\"}}"
#define WRONG                                                                                      \
    "{\"name\":\"length/1\",\"note\":\"\",\"inputs\":{\"length\":5},"                              \
    "\"expected\":{\"encoding_hex\":\"06\",\"outcome\":\"ok\"}}"
#define INCOMPLETE                                                                                 \
    "{\"name\":\"length/2\",\"note\":\"\",\"inputs\":{},"                                          \
    "\"expected\":{\"encoding_hex\":\"05\",\"outcome\":\"ok\"}}"
#define UNKNOWN "{\"name\":\"no-such-kind/0\",\"note\":\"\",\"inputs\":{},\"expected\":{}}"
#define NAMELESS "{\"note\":\"\",\"inputs\":{},\"expected\":{}}"

/* Runs run-vectors on a directory with one file of this text (NULL: none); the output, caller
 * frees. */
static char *
run_on(const char *file, const char *text, int *status)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("run-vectors-XXXXXX", &error);
    g_autofree char *path = NULL;
    g_autofree char *program = g_strdup(RUN_VECTORS);
    char *argv[] = { program, dir, NULL };
    char *output = NULL;

    ck_assert_ptr_nonnull(dir);
    path = g_build_filename(dir, file, NULL);
    if (text != NULL) {
        ck_assert(g_file_set_contents(path, text, -1, &error));
    }
    ck_assert_msg(
        g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, status, &error),
        "%s", error == NULL ? "" : error->message);
    g_unlink(path);
    g_rmdir(dir);
    return output;
}

static void
check_run(const char *file, const char *text, bool good, const char *last_line)
{
    int status = 0;
    g_autofree char *output = run_on(file, text, &status);

    ck_assert_msg(g_str_has_suffix(output, last_line), "not %s: %.300s … %s", last_line, output,
                  output + (strlen(output) > 100 ? strlen(output) - 100 : 0));
    ck_assert(WIFEXITED(status));
    ck_assert((WEXITSTATUS(status) == 0) == good);
}

START_TEST(test_cases_that_pass_are_counted)
{
    check_run("12-der-primitives.json", "[" GOOD "," GOOD "]", true,
              "2 passed, 0 failed, 0 skipped\n");
}
END_TEST

START_TEST(test_files_may_have_other_names)
{
    check_run("more.json", "[" GOOD "]", true, "1 passed, 0 failed, 0 skipped\n");
}
END_TEST

START_TEST(test_wrong_results_are_failures)
{
    check_run("12-der-primitives.json", "[" GOOD "," WRONG "]", false,
              "1 passed, 1 failed, 0 skipped\n");
}
END_TEST

START_TEST(test_unknown_kinds_and_malformed_cases_are_failures)
{
    check_run("a.json", "[" UNKNOWN "," INCOMPLETE "," NAMELESS ",7," GOOD "]", false,
              "1 passed, 4 failed, 0 skipped\n");
}
END_TEST

START_TEST(test_unreadable_files_are_failures)
{
    check_run("a.json", "[" GOOD, false, "0 passed, 1 failed, 0 skipped\n");
    check_run("a.json", "{}", false, "0 passed, 1 failed, 0 skipped\n");
    check_run("a.json", "[]", false, "0 passed, 1 failed, 0 skipped\n");
}
END_TEST

START_TEST(test_directory_without_cases_is_a_failure)
{
    check_run("a.json", NULL, false, "0 passed, 1 failed, 0 skipped\n");
    check_run("README.md", "text", false, "0 passed, 1 failed, 0 skipped\n");
}
END_TEST

static JsonParser *
parse_in(const char *dir, const char *file)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    JsonParser *parser = json_parser_new();
    g_autoptr(GError) error = NULL;

    ck_assert_msg(json_parser_load_from_file(parser, path, &error), "%s",
                  error == NULL ? "" : error->message);
    return parser;
}

static JsonParser *
parse_vectors(const char *file)
{
    return parse_in(VECTORS, file);
}

/* The first request of this method in a case of file 09; NULL: it has none. Borrowed. */
static JsonObject *
first_request(JsonObject *vector, const char *method)
{
    JsonObject *expected = json_object_get_object_member(vector, "expected");
    JsonArray *exchanges = json_object_has_member(expected, "exchanges")
                               ? json_object_get_array_member(expected, "exchanges")
                               : NULL;

    for (guint i = 0; exchanges != NULL && i < json_array_get_length(exchanges); i++) {
        JsonObject *request =
            json_object_get_object_member(json_array_get_object_element(exchanges, i), "request");

        if (strcmp(json_object_get_string_member(request, "method"), method) == 0) {
            return request;
        }
    }
    return NULL;
}

/* Another text, of the same length: its last letter or digit before the end'th character is
 * another one. */
static void
spoil(JsonObject *object, const char *member, size_t end)
{
    g_autofree char *text = g_strdup(json_object_get_string_member(object, member));
    size_t at = MIN(end, strlen(text));

    while (at > 0 && !isalnum((unsigned char) text[at - 1])) {
        at--;
    }
    ck_assert_uint_gt(at, 0);
    text[at - 1] = text[at - 1] == '7' ? '8' : '7';
    json_object_set_string_member(object, member, text);
}

static char *
to_text(JsonArray *cases)
{
    g_autoptr(JsonNode) node = json_node_init_array(json_node_alloc(), cases);

    return json_to_string(node, FALSE);
}

/* Cases of file 09 in which the first POST is another one: all fail, and the next file is still
 * read. */
static void
check_spoilt(const char *member, size_t end)
{
    g_autoptr(JsonParser) parser = parse_vectors("09-transcripts.json");
    JsonArray *all = json_node_get_array(json_parser_get_root(parser));
    g_autoptr(JsonArray) cases = json_array_new();
    g_autofree char *text = NULL;
    g_autofree char *last_line = NULL;

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *vector = json_array_get_object_element(all, i);
        JsonObject *request = first_request(vector, "POST");

        if (request != NULL) {
            spoil(request, member, end);
            json_array_add_object_element(cases, json_object_ref(vector));
        }
    }
    ck_assert_uint_gt(json_array_get_length(cases), 10);
    text = to_text(cases);
    last_line = g_strdup_printf("0 passed, %u failed, 0 skipped\n", json_array_get_length(cases));
    check_run("09-transcripts.json", text, false, last_line);
}

START_TEST(test_a_first_request_that_is_another_one_is_a_failure)
{
    check_spoilt("url", G_MAXSIZE);
    check_spoilt("url", strlen("https://tke.us"));
    check_spoilt("body", G_MAXSIZE);
    check_spoilt("body", strlen("{\"request\":\"1"));
}
END_TEST

/* What the README of the cases leaves to the client is left; nothing else is. */
static void
check_header(const char *name, bool matters)
{
    g_autoptr(JsonParser) parser = parse_vectors("07-service-interface.json");
    JsonArray *all = json_node_get_array(json_parser_get_root(parser));
    g_autoptr(JsonArray) cases = json_array_new();
    g_autofree char *text = NULL;
    g_autofree char *last_line = NULL;
    guint n = 0;

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *vector = json_array_get_object_element(all, i);
        JsonObject *expected = json_object_get_object_member(vector, "expected");
        JsonObject *headers = NULL;

        if (!g_str_has_prefix(json_object_get_string_member(vector, "name"), "request-")) {
            continue;
        }
        headers = json_object_get_object_member(json_object_get_object_member(expected, "request"),
                                                "headers");
        spoil(headers, name, G_MAXSIZE);
        json_array_add_object_element(cases, json_object_ref(vector));
    }
    n = json_array_get_length(cases);
    ck_assert_uint_gt(n, 1);
    text = to_text(cases);
    last_line =
        g_strdup_printf("%u passed, %u failed, 0 skipped\n", matters ? 0 : n, matters ? n : 0);
    check_run("07-service-interface.json", text, !matters, last_line);
}

START_TEST(test_headers_that_matter_are_compared)
{
    check_header("Content-Type", true);
    check_header("Accept", true);
    check_header("User-Agent", false);
    check_header("Accept-Encoding", false);
}
END_TEST

#ifdef VECTORS_CARD
/* The last step with this member (not empty), or what is in its list of signatures; NULL: there is
 * none. Borrowed. */
static JsonObject *
last_with(JsonObject *vector, const char *member, bool signature)
{
    JsonArray *steps =
        json_object_get_array_member(json_object_get_object_member(vector, "expected"), "steps");

    for (guint i = json_array_get_length(steps); i > 0; i--) {
        JsonObject *at = json_array_get_object_element(steps, i - 1);
        JsonArray *list = signature && json_object_has_member(at, "signatures")
                              ? json_object_get_array_member(at, "signatures")
                              : NULL;

        at = list != NULL ? json_array_get_object_element(list, 0) : at;
        if (json_object_has_member(at, member) &&
            strlen(json_object_get_string_member(at, member)) > 0) {
            return at;
        }
    }
    return NULL;
}

#define SPOILT_CASES 4u

/* Cases of a card file in which one character of one step is another one: all fail. */
static void
check_spoilt_step(const char *file, const char *member, bool signature)
{
    g_autoptr(JsonParser) parser = parse_in(VECTORS_CARD, file);
    JsonArray *all = json_node_get_array(json_parser_get_root(parser));
    g_autoptr(JsonArray) cases = json_array_new();
    g_autofree char *text = NULL;
    g_autofree char *last_line = NULL;

    for (guint i = 0; json_array_get_length(cases) < SPOILT_CASES; i++) {
        JsonObject *vector = json_array_get_object_element(all, i);
        JsonObject *step = last_with(vector, member, signature);

        if (step != NULL) {
            spoil(step, member, G_MAXSIZE);
            json_array_add_object_element(cases, json_object_ref(vector));
        }
    }
    text = to_text(cases);
    last_line = g_strdup_printf("0 passed, %u failed, 0 skipped\n", SPOILT_CASES);
    check_run(file, text, false, last_line);
}

START_TEST(test_a_command_that_is_not_that_of_its_apdus_is_a_failure)
{
    check_spoilt_step("04-exchanges.json", "header", false);
    check_spoilt_step("04-exchanges.json", "data_hex", false);
    check_spoilt_step("05-refusals.json", "header", false);
    check_spoilt_step("05-refusals.json", "data_hex", false);
    check_spoilt_step("05-refusals.json", "answer_hex", false);
}
END_TEST

START_TEST(test_a_listed_signature_that_the_card_did_not_make_is_a_failure)
{
    check_spoilt_step("04-exchanges.json", "by", true);
    check_spoilt_step("04-exchanges.json", "point_hex", true);
    check_spoilt_step("04-exchanges.json", "message_hex", true);
    check_spoilt_step("04-exchanges.json", "signature_hex", true);
    check_spoilt_step("05-refusals.json", "signature_hex", true);
}
END_TEST
#endif

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_cases_that_pass_are_counted);
    tcase_add_test(tests, test_files_may_have_other_names);
    tcase_add_test(tests, test_wrong_results_are_failures);
    tcase_add_test(tests, test_unknown_kinds_and_malformed_cases_are_failures);
    tcase_add_test(tests, test_unreadable_files_are_failures);
    tcase_add_test(tests, test_directory_without_cases_is_a_failure);
    tcase_add_test(tests, test_a_first_request_that_is_another_one_is_a_failure);
    tcase_add_test(tests, test_headers_that_matter_are_compared);
#ifdef VECTORS_CARD
    tcase_add_test(tests, test_a_command_that_is_not_that_of_its_apdus_is_a_failure);
    tcase_add_test(tests, test_a_listed_signature_that_the_card_did_not_make_is_a_failure);
#endif
}

int
main(void)
{
    return test_main("run-vectors", add_tests);
}
