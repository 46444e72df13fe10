<?php
$issuer = getenv('ISSUER');
$config['oauth_provider'] = 'generic';
$config['oauth_provider_name'] = 'Gapura';
$config['oauth_client_id'] = getenv('CLIENT_ID');
$config['oauth_client_secret'] = getenv('CLIENT_SECRET');
$config['oauth_auth_uri'] = "$issuer/authorize";
$config['oauth_token_uri'] = "$issuer/token";
$config['oauth_identity_uri'] = "$issuer/userinfo";
$config['oauth_scope'] = 'openid profile';
$config['oauth_identity_fields'] = ['sub'];
