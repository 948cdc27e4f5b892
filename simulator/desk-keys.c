/*
 * The keyboard of the virtual desk.
 */
#include "simulator/desk-keys.h"

#include <glib/gi18n-lib.h>

#define MODIFIERS (GDK_CONTROL_MASK | GDK_MOD1_MASK | GDK_SUPER_MASK | GDK_META_MASK)

/* A digit of either part of the keyboard; -1: none. */
static int
digit_of(guint keyval)
{
    if (keyval >= GDK_KEY_0 && keyval <= GDK_KEY_9) {
        return (int) (keyval - GDK_KEY_0);
    }
    if (keyval >= GDK_KEY_KP_0 && keyval <= GDK_KEY_KP_9) {
        return (int) (keyval - GDK_KEY_KP_0);
    }
    return -1;
}

char
sim_desk_keys_translate(guint keyval)
{
    int digit = digit_of(keyval);

    if (digit >= 0) {
        return (char) ('0' + digit);
    }
    switch (keyval) {
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
    case GDK_KEY_ISO_Enter:
        return 'E';
    case GDK_KEY_Escape:
        return 'C';
    case GDK_KEY_BackSpace:
    case GDK_KEY_Delete:
    case GDK_KEY_KP_Delete:
    case GDK_KEY_Clear:
        return 'X';
    default:
        return '\0';
    }
}

static bool
press_pad(SimDeskWindow *window, guint keyval, unsigned typing)
{
    char key = sim_desk_keys_translate(keyval);

    if (key == '\0') {
        return false;
    }
    sim_desk_window_send(window, sim_desk_order_key(typing, key));
    return true;
}

static bool
press_without_pad(SimDeskWindow *window, guint keyval)
{
    if (keyval == GDK_KEY_Escape && sim_desk_window_get_hand(window) != NULL) {
        sim_desk_window_set_hand(window, NULL);
        return true;
    }
    if (digit_of(keyval) >= 0) {
        sim_desk_window_say(window, _("no reader waits for a PIN now"), true);
        return true;
    }
    return false;
}

bool
sim_desk_keys_press(SimDeskWindow *window, const GdkEventKey *event, unsigned typing)
{
    const guint modifiers = event->state & MODIFIERS;
    int digit = digit_of(event->keyval);

    if (modifiers == GDK_MOD1_MASK && digit > 0 &&
        sim_desk_world_find_reader(sim_desk_window_get_world(window), (unsigned) digit) != NULL) {
        g_action_group_activate_action(G_ACTION_GROUP(sim_desk_window_get_actions(window)), "slot",
                                       g_variant_new_uint32((guint32) digit));
        return true;
    }
    if (modifiers != 0) {
        return false;
    }
    return typing != 0 ? press_pad(window, event->keyval, typing)
                       : press_without_pad(window, event->keyval);
}
