/*
 * Card and zone identifiers ("XXXX-XXXX-XXXX-XXXX"), key identifiers and patterns (groups parted
 * by spaces).
 */
#include "gtk-common/identifiers.h"

#define IDENTIFIER "\\b[0-9A-F]{4}(?:(-[0-9A-F]{4}){3}|( [0-9A-F]{4}){3,})\\b"

static void
mark(PangoAttrList *list, PangoAttribute *attribute, int start, int end)
{
    attribute->start_index = (guint) start;
    attribute->end_index = (guint) end;
    pango_attr_list_insert(list, attribute); /* takes it */
}

PangoAttrList *
tke_ui_identifiers_attributes(const char *text)
{
    g_autoptr(GRegex) regex = g_regex_new(IDENTIFIER, 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    PangoAttrList *list = pango_attr_list_new();

    g_regex_match(regex, text, 0, &match);
    while (g_match_info_matches(match)) {
        int start = 0;
        int end = 0;

        (void) g_match_info_fetch_pos(match, 0, &start, &end);
        mark(list, pango_attr_family_new("monospace"), start, end);
        if (text[start + 4] == '-') {
            mark(list, pango_attr_allow_breaks_new(FALSE), start, end);
        }
        g_match_info_next(match, NULL);
    }
    return list;
}

void
tke_ui_identifiers_set_text(GtkLabel *label, const char *text)
{
    g_autoptr(PangoAttrList) list = tke_ui_identifiers_attributes(text);

    gtk_label_set_text(label, text);
    gtk_label_set_attributes(label, list);
}

char *
tke_ui_identifiers_find(const char *text)
{
    g_autoptr(GString) line = g_string_new(text);
    g_autoptr(GRegex) regex = g_regex_new(IDENTIFIER, 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    char *found = NULL;

    g_string_replace(line, "\n", " ", 0); /* long ones take several */
    g_regex_match(regex, line->str, 0, &match);
    while (g_match_info_matches(match)) {
        g_free(found);
        found = g_match_info_fetch(match, 0);
        g_match_info_next(match, NULL);
    }
    return found;
}
