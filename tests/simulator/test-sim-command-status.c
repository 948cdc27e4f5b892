/*
 * The status of a world as text for people.
 */
#include "simulator/sim-command-status.h"

#include "simulator/sim-json.h"
#include "tests/support/test-main.h"

static char *
print(const char *text)
{
    g_autoptr(JsonObject) status = sim_json_parse(text, -1, NULL);

    ck_assert_msg(status != NULL, "%s", text);
    return sim_command_status_dup_text(status);
}

#define HEADING "CARD         KIND   WHERE     ZONE              TRIES  PARTS  DESCRIPTION\n"

START_TEST(test_a_world_is_told_line_by_line)
{
    g_autofree char *text =
        print("{\"world\":\"/w\",\"scenario\":\"small\",\"profile\":\"none\",\"running\":false,"
              "\"readers\":[{\"number\":1,\"name\":\"Left\",\"card\":\"ca-1\",\"held\":true,"
              "\"faults\":[\"mute\"],\"pad\":{\"asking\":true,\"entry\":1,\"entries\":2}},"
              "{\"number\":2,\"name\":\"Right\",\"card\":null,\"plugged\":false}],"
              "\"cards\":[{\"label\":\"ca-1\",\"kind\":\"ca\",\"reader\":1,\"zone_id\":\"0123\","
              "\"pins\":[{\"set\":true,\"tries\":5},{\"set\":false}],\"key_parts\":2,"
              "\"description\":\"Officers\",\"unusual\":[\"version\"],\"waiting\":[\"pull\"]}],"
              "\"service\":{\"base_url\":\"https://h\",\"delay_ms\":5,\"faults\":["
              "{\"fault\":\"late\",\"command\":\"query\",\"unit\":\"u\",\"count\":2}]}}");

    ck_assert_str_eq(
        text,
        "REHEARSAL  world /w, scenario small, card timing none\n"
        "fault: the smart card service is not running\n"
        "reader 1  Left                          ca-1, held by another program, fault: mute, the "
        "pad asks for a PIN (entry 1 of 2)\n"
        "reader 2  Right                         empty, unplugged\n"
        "\n" HEADING
        "ca-1         ca     reader 1  0123              5 -        2  Officers, fault: version, "
        "fault: pull\n"
        "\nservice https://h, wait before each answer 5 ms\n"
        "fault: late, command query, crypto unit u, 2 more times\n");
}
END_TEST

/* Of another type, not there, beyond measure. */
START_TEST(test_what_is_not_as_it_should_be_is_blank)
{
    g_autofree char *text =
        print("{\"world\":{},\"scenario\":[],\"profile\":1,\"running\":[],"
              "\"readers\":[\"x\",null,{\"number\":[],\"name\":7,\"card\":{},\"pad\":[],"
              "\"plugged\":{},\"faults\":[{},[\"a\"]]}],"
              "\"cards\":[1,{\"key_parts\":99999999999,\"reader\":-1,\"pins\":[1,{\"set\":[]}],"
              "\"unusual\":{}}],\"service\":{\"delay_ms\":[],\"faults\":{}}}");

    ck_assert_str_eq(text,
                     "REHEARSAL  world , scenario , card timing \n"
                     "reader 0                                empty, fault: , fault: \n"
                     "\n" HEADING "                    box                         -          0  \n"
                     "\nservice , wait before each answer 0 ms\n");
}
END_TEST

START_TEST(test_no_text_of_a_world_commands_the_terminal)
{
    g_autofree char *text =
        print("{\"world\":\"/w\\u001b[2J\",\"scenario\":\"a\\nb\",\"profile\":\"\\u202e\","
              "\"cards\":[{\"label\":\"c\",\"description\":\"\\u0007J\xc3\xbcrgen\","
              "\"waiting\":[\"\\u009b\"]}]}");

    ck_assert_str_eq(text,
                     "REHEARSAL  world /w?[2J, scenario a?b, card timing ?\n"
                     "\n" HEADING "c                   box                                    0  "
                     "?J\xc3\xbcrgen, fault: ?\n");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_world_is_told_line_by_line);
    tcase_add_test(tests, test_what_is_not_as_it_should_be_is_blank);
    tcase_add_test(tests, test_no_text_of_a_world_commands_the_terminal);
}

int
main(void)
{
    return test_main("sim-command-status", add_tests);
}
