// SPDX-License-Identifier: Apache-2.0

import { App } from "./app.js";

const app = new App();
// For those who look at it with the browser's tools.
globalThis.latchkeyConsole = app;
void app.start();
