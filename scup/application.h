/*
 * ScupApplication: options, the actions of the menus, the end.
 */
#pragma once

#include <gtk/gtk.h>

#include "gtk-common/workplace.h"

#define SCUP_TYPE_APPLICATION (scup_application_get_type())
G_DECLARE_FINAL_TYPE(ScupApplication, scup_application, SCUP, APPLICATION, GtkApplication)

ScupApplication *scup_application_new(const TkeUiWorkplaceOptions *options);
