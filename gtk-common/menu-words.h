/*
 * The libraries name commands of tke where they say what to do next; a program with windows names
 * its menu items in their place.
 */
#pragma once

/* The text with items for commands, "tke card info" → "Display smart card information". The caller
 * frees. */
char *tke_ui_menu_words(const char *text);
