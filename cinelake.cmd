@echo off
"%~dp0node_modules\.bin\node.cmd" "%~dp0services\cli\src\main.ts" %*
