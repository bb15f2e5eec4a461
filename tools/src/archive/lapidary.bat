@echo off
rem Starts Lapidary on the JDK 25 of LAPIDARY_JAVA_HOME, JAVA_HOME or the path.
setlocal
set "root=%~dp0.."
set "java=java"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java"
if defined LAPIDARY_JAVA_HOME set "java=%LAPIDARY_JAVA_HOME%\bin\java"
"%java%" -version 2>&1 | findstr /r /c:"version \"25[.\"]" >nul
if errorlevel 1 (
  echo lapidary: no JDK 25 found. Install one ^(for example Temurin 25^) and point JAVA_HOME at it. 1>&2
  exit /b 1
)
"%java%" --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -Xmn64m -XX:InitialRAMPercentage=6 %LAPIDARY_JAVA_OPTIONS% "-Dlapidary.root=%root%" -cp "%root%\lib\*" org.lapidary.tools.cli.Main %*
exit /b %errorlevel%
