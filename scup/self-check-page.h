/*
 * ScupSelfCheckPage: is everything there that readers need? Service, readers, keypads, other
 * programs; each with its remedy (F-009).
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "gtk-common/page-window.h"
#include "scup/cards.h"

#define SCUP_TYPE_SELF_CHECK_PAGE (scup_self_check_page_get_type())
G_DECLARE_FINAL_TYPE(ScupSelfCheckPage, scup_self_check_page, SCUP, SELF_CHECK_PAGE,
                     TkeUiPageWindow)

/* Checks when it opens, when readers or cards change, and on request. */
void scup_self_check_page_show(GtkWindow *parent, TkeUiRunner *runner, ScupCards *cards,
                               TkeUiWorkplace *workplace, bool rehearsal);
