/** The screens behind the login, which are loaded when somebody has logged in. */

import "./access";
import "./account";
import "./audit";
import "./home";
import "./item";
import "./libraries";
import "./library";
import "./search";
import "./server";
import "./tagging";
import "./tasks";
import "./trash";
import "../uploads/tray";
