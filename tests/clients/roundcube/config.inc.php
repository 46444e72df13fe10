<?php
// A small Roundcube, for the test: only gapura.inc.php beside it is a recipe.
$folder = getenv('FOLDER');
$config['db_dsnw'] = "sqlite:///$folder/roundcube.db?mode=0600";
$config['temp_dir'] = $folder;
$config['log_driver'] = 'stdout';
$config['imap_host'] = '127.0.0.1:' . getenv('IMAP_PORT');
$config['des_key'] = substr(getenv('CLIENT_SECRET'), 0, 24);
$config['session_name'] = 'roundcube-session';
$config['enable_installer'] = false;
$config['plugins'] = [];
include __DIR__ . '/gapura.inc.php';
