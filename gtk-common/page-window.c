/*
 * What windows beside the main one have in common.
 */
#include "gtk-common/page-window.h"

#include <glib/gi18n.h>

#include "gtk-common/button-row.h"
#include "gtk-common/file-save.h"
#include "gtk-common/focus.h"
#include "gtk-common/text-print.h"
#include "gtk-common/window-size.h"

typedef struct TkeUiPageWindowPrivate {
    TkeUiRunner *runner;
    GObject *model; /* NULL: not open yet, or closed */
    GtkWidget *saved;
} TkeUiPageWindowPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE(TkeUiPageWindow, tke_ui_page_window, GTK_TYPE_WINDOW)

static TkeUiPageWindowPrivate *
get(TkeUiPageWindow *window)
{
    return tke_ui_page_window_get_instance_private(window);
}

static void
on_changed(TkeUiPageWindow *window)
{
    if (TKE_UI_PAGE_WINDOW_GET_CLASS(window)->update != NULL) {
        TKE_UI_PAGE_WINDOW_GET_CLASS(window)->update(window);
    }
}

static void
on_close(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    gtk_widget_destroy(GTK_WIDGET(data));
}

static gboolean
key_press(GtkWidget *widget, GdkEventKey *event)
{
    if (event->keyval == GDK_KEY_Escape) {
        gtk_widget_destroy(widget);
        return TRUE;
    }
    return GTK_WIDGET_CLASS(tke_ui_page_window_parent_class)->key_press_event(widget, event);
}

static void
destroy(GtkWidget *widget)
{
    TkeUiPageWindow *window = TKE_UI_PAGE_WINDOW(widget);
    TkeUiPageWindowPrivate *own = get(window);

    if (own->model != NULL) {
        g_signal_handlers_disconnect_by_data(own->model, window);
        if (TKE_UI_PAGE_WINDOW_GET_CLASS(window)->leave != NULL) {
            TKE_UI_PAGE_WINDOW_GET_CLASS(window)->leave(window);
        }
        g_clear_object(&own->model);
        g_clear_object(&own->runner);
    }
    GTK_WIDGET_CLASS(tke_ui_page_window_parent_class)->destroy(widget);
}

static void
tke_ui_page_window_class_init(TkeUiPageWindowClass *class)
{
    g_type_ensure(TKE_UI_TYPE_BUTTON_ROW); /* for the templates of subclasses */
    GTK_WIDGET_CLASS(class)->destroy = destroy;
    GTK_WIDGET_CLASS(class)->key_press_event = key_press;
}

static void
tke_ui_page_window_init(TkeUiPageWindow *window)
{
    static const GActionEntry entries[] = { { .name = "close", .activate = on_close } };
    g_autoptr(GSimpleActionGroup) actions = g_simple_action_group_new();

    g_action_map_add_action_entries(G_ACTION_MAP(actions), entries, G_N_ELEMENTS(entries), window);
    gtk_widget_insert_action_group(GTK_WIDGET(window), "page", G_ACTION_GROUP(actions));
}

void
tke_ui_page_window_open(TkeUiPageWindow *window, const TkeUiPage *page)
{
    TkeUiPageWindowPrivate *own = get(window);
    g_autofree char *marked =
        page->rehearsal ? g_strdup_printf(_("%s — REHEARSAL"), page->title) : g_strdup(page->title);

    g_return_if_fail(own->model == NULL);

    own->runner = g_object_ref(page->runner);
    own->model = g_object_ref(page->model);
    own->saved = page->saved;
    gtk_window_set_title(GTK_WINDOW(window), marked);
    gtk_window_set_transient_for(GTK_WINDOW(window), page->parent);
    gtk_window_set_application(GTK_WINDOW(window), gtk_window_get_application(page->parent));
    tke_ui_focus_keep(GTK_WINDOW(window));
    tke_ui_window_size_follow(GTK_WINDOW(window), page->size_name);
    gtk_widget_set_visible(page->banner, page->rehearsal);
    g_signal_connect_swapped(page->model, "changed", G_CALLBACK(on_changed), window);
}

bool
tke_ui_page_window_is_open(TkeUiPageWindow *window)
{
    return get(window)->model != NULL;
}

TkeUiRunner *
tke_ui_page_window_get_runner(TkeUiPageWindow *window)
{
    return get(window)->runner;
}

void
tke_ui_page_window_copy(TkeUiPageWindow *window, const char *text)
{
    gtk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(window), GDK_SELECTION_CLIPBOARD),
                           text, -1);
}

void
tke_ui_page_window_print(TkeUiPageWindow *window, const char *text)
{
    tke_ui_text_print(GTK_WINDOW(window), gtk_window_get_title(GTK_WINDOW(window)), text);
}

static void
save(TkeUiPageWindow *window, const TkeUiFile *file)
{
    TkeUiPageWindowPrivate *own = get(window);

    g_return_if_fail(own->saved != NULL && own->runner != NULL);
    tke_ui_file_save(GTK_WINDOW(window), own->runner, file, own->saved);
}

void
tke_ui_page_window_save_pages(TkeUiPageWindow *window, const char *file, const char *text)
{
    const TkeUiFile pages = { .title = _("Save as PDF"),
                              .name = file,
                              .text = text,
                              .head = gtk_window_get_title(GTK_WINDOW(window)) };

    save(window, &pages);
}

void
tke_ui_page_window_save(TkeUiPageWindow *window, const char *title, const char *file,
                        const char *text)
{
    const TkeUiFile as_it_is = { .title = title, .name = file, .text = text };

    save(window, &as_it_is);
}
