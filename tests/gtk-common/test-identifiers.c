/*
 * Identifiers in sentences are marked: where, and which of them may not be broken.
 */
#include "gtk-common/identifiers.h"
#include "tests/support/test-main.h"

/* "family 5-24, whole 5-24": attributes and their places, in bytes. */
static char *
marks_of(const char *text)
{
    g_autoptr(PangoAttrList) list = tke_ui_identifiers_attributes(text);
    GSList *all = pango_attr_list_get_attributes(list);
    GString *result = g_string_new(NULL);

    for (GSList *item = all; item != NULL; item = item->next) {
        const PangoAttribute *attribute = item->data;

        g_string_append_printf(result, "%s%s %u-%u", result->len > 0 ? ", " : "",
                               attribute->klass->type == PANGO_ATTR_FAMILY ? "family" : "whole",
                               attribute->start_index, attribute->end_index);
    }
    g_slist_free_full(all, (GDestroyNotify) pango_attribute_destroy);
    return g_string_free(result, FALSE);
}

START_TEST(test_identifiers_are_marked_and_those_with_hyphens_stay_whole)
{
    static const struct {
        const char *text;
        const char *marks;
    } cases[] = {
        { "", "" },
        { "Card in reader 2", "" },
        { "Zone 0AF5-D9DA-15F2-2E4A “P”", "family 5-24, whole 5-24" },
        { "„Ä“ 0AF5-D9DA-15F2-2E4A", "family 9-28, whole 9-28" },
        { "8978 95D4 EE10 2A5C FC34", "family 0-24" },
        { "0AF5-D9DA-15F2-2E4A, 1111-2222-3333-4444",
          "family 0-19, whole 0-19, family 21-40, whole 21-40" },
        { "2026-2027-2028", "" },
        { "A0AF5-D9DA-15F2-2E4A", "" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *marks = marks_of(cases[i].text);

        ck_assert_str_eq(marks, cases[i].marks);
    }
}
END_TEST

START_TEST(test_the_identifier_of_a_line_is_found_without_its_description)
{
    static const struct {
        const char *text;
        const char *found;
    } cases[] = {
        { "none", NULL },
        { "Production 2026 · 1C7E-9A40-0000-FFFF  ✓ same zone", "1C7E-9A40-0000-FFFF" },
        { "1111-2222-3333-4444 · 1C7E-9A40-0000-FFFF", "1C7E-9A40-0000-FFFF" },
        { "8978 95D4 EE10 2A5C\nFC34 0001 0002 0003", "8978 95D4 EE10 2A5C FC34 0001 0002 0003" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = tke_ui_identifiers_find(cases[i].text);

        ck_assert_pstr_eq(found, cases[i].found);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_identifiers_are_marked_and_those_with_hyphens_stay_whole);
    tcase_add_test(tests, test_the_identifier_of_a_line_is_found_without_its_description);
}

int
main(void)
{
    return test_main("identifiers", add_tests);
}
