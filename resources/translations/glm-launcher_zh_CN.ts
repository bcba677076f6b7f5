<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name></name>
    <message>
        <source>The address of the Hub cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has to begin with https:// and name a host.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Correct it in the settings (Network), or in the variable HF_ENDPOINT.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The descriptions of the models cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Their file is missing or damaged.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Install GLM Launcher again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The token was not sent.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The connection to this mirror is not encrypted, so that others could read it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use a mirror whose address begins with https://.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Made before 21 January 2026, when an error in such files was found: the model repeats itself and goes wrong. Take a newer file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is cut into pieces that have to be joined before any program can load them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only other programs can load it (Transformers, vLLM, MLX and the like).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lacking} of its {expected} files are missing there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only ik_llama.cpp can load it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Hub is not asked.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The variable HF_HUB_OFFLINE says that this machine is offline.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove it to look on the Hub.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{text} is not the name of a repository.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A repository is called owner/name.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the name; unsloth/GLM-4.6-GGUF is one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the Hub says about {what} cannot be understood.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try again later, or check the address of the Hub {settings}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} cannot be reached through the proxy.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The proxy that this machine names does not let the program through.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the proxy in the system&apos;s settings or in HTTPS_PROXY.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The connection to {host} is not safe.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its certificate could not be checked.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the clock of this machine, and ask whoever runs the network or the mirror.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} sends the program round in circles.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It redirects without end.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the address of the Hub {settings}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} cannot be reached.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It did not answer in time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no connection, or it broke off.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the connection and try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Hub does not accept your access token.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It may have been revoked, have run out or been mistyped.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter a new token {settings}, or remove it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{what} is open only to people who have accepted its terms.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Hub does not know who is asking.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your account has not been let in yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accept the terms on the model&apos;s page, and enter your access token {settings}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{what} was switched off by the Hub.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nobody can get it from there any more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another repository of the same model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{what} has no such version.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its owner has replaced or removed it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Leave the version out to get the newest one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{what} does not hold this file any more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its owner has moved, renamed or deleted it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Refresh the list of files.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no repository {what}, or it is not open to you.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Hub does not tell the one from the other.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the name. For a private one, enter your access token {settings} or set HF_TOKEN.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Hub does not show {what} to this token.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The token lacks the right to read it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make a token that may read, and enter it {settings}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} cannot answer now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It reported error {status}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try again later.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} has had too many questions from here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It limits how many it answers.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{wait}, or enter an access token {settings}, with which the limit is higher.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The answer of the Hub is packed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was asked not to be.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The answer of the Hub is too large.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No list takes more than {max_answer_bytes} MB.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the address of the Hub in the settings, or try again later.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it does not answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is none that is safe</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>That is not an access token.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A token is one word, such as hf_…, without spaces.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy it from the Hub: your picture, Settings, Access Tokens.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The token is no longer used, but the system&apos;s keyring still holds it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The keyring does not answer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unlock it, and delete its entry “{service}” there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The token could not be stored.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file {name} could not be changed: {strerror}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the folder {parent}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is another file called {name} already.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its content is not that of the file to be downloaded, and it is not overwritten.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move or rename that file, or choose another folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is another version of {path}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was begun is not a part of it, and is kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start the download anew to have the other version, or choose another folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server has stopped sending</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server redirects to an unsafe address</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server redirects without end</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the answer ended too early</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the connection was closed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server answered {status}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server says that the file is shorter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file on the server is another one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file on the server has another size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server sent the whole file instead of a part</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server does not say which part it sends</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server sent another part than was asked for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The server sends from one address to the next without end.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its redirects form a circle; a mirror or a proxy may be set up wrongly.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the mirror setting, or try again later.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The server does not give out the file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It refuses every new link at once.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check that the clock of this machine is right, then try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The server offers a file that does not fit what the Hub lists.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A mirror may be out of date.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try again later, or without the mirror.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The server does not send the file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{failures} tries in a row failed; the last time, {error}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What has come so far is kept. Try again later.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What came for {path} is not what the Hub lists.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was fetched twice and its SHA-256 is wrong; nothing of it was kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try again later or without a mirror or proxy; the file on the server may be damaged.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>expected {expected}, found {found}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder {folder} cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The system does not let the program read or write there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the folder&apos;s rights and the disk, or choose another folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the Hub did not answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The download stopped because of an error in the program.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try again; if it happens again, report it with the log.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} did not arrive whole at the new place.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was read back is not what was written.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the disk. The file is still where it was.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is a file called {name} at the new place already.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is not overwritten.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move it away or choose another folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no room at the new place.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It needs {needed}, and {free} are free.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make room or choose another folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{partition} is being downloaded already.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Another window or terminal has this download open.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Let that one finish or stop it first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{repo} is open only to people who have accepted its terms.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accept the terms on the model&apos;s page, then enter your access token in the settings.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accept the terms on the model&apos;s page with the account of your token, then try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It may have been revoked or mistyped.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter a new token in the settings, or remove it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The version of {repo} that was listed is gone.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its owner has replaced the repository&apos;s history.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Refresh the list of files and start the download again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is no longer in {repo}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its owner has removed or renamed it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Refresh the list of files and pick another one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no repository {repo}, or it is not open to you.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the name; for a private repository, enter your access token in the settings.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Hub does not give out {path}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It answered {status}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try again later, or pick another repository.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The download of {path} was begun by a newer version of the program.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This version does not know how to go on with it, and leaves it as it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Update the program, or cancel this download and start it anew.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This file cannot be stored.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its name, size or hash is not one that a file of the Hub can have.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pick another file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the connection broke: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the answer&apos;s head is too long</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the connection was closed before an answer came</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file could not be written.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The disk or the folder reported an error.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the disk, or choose another folder, and try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an unknown transfer encoding: {encoding}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the answer names two lengths</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the answer&apos;s length is not a number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the answer&apos;s chunks make no sense</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} did not answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} cannot be reached: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the address holds characters that no address may have</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a header holds a line break</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not an address</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server redirects to something that is no address</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The proxy that this machine names cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only proxies whose address begins with http:// are supported.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change the proxy setting, or name this host in NO_PROXY.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The proxy asks for a name and a password.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put them into the proxy&apos;s address, as http://name:password@host:port.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the proxy answered {status}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the answer is not HTTP</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the answer&apos;s head makes no sense</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The stored header of this model is gone.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder of cached headers was emptied or damaged.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Refresh the list of files; the header will be fetched again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no end after {deadline:.0f} seconds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This address cannot be opened.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only http and https addresses are opened.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the address.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the network connection and try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The answer of {host} cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the address, or try again later.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} does not give out this file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It does not exist, or it is private or asks for a licence to be accepted first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the name; for a private model, set an access token.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} does not have this file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was moved, renamed or deleted.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} has been asked too often.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It accepts requests again in {wait} seconds.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} could not answer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It reported the error {status}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is written for big-endian machines.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>llama.cpp loads only files of its own machine&apos;s byte order.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the little-endian version of this model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} holds no tensors.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is a vocabulary or a list of settings, not a model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a file with weights.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a quantization made for llama.cpp, such as Q4_K_M.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It uses tensor types that this program does not know ({names}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> A newer version of this program may know it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its quantization ({names}) can be loaded only by ik_llama.cpp.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its quantization ({names}) was given up by llama.cpp.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is not made for llama.cpp.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is laid out in a way that llama.cpp does not load.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The data of tensor {name} does not follow the tensor before it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another file of this model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has a chat template too large to be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It takes {size:,} bytes.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>metadata entries</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is not a GGUF file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It does not begin with the letters GGUF.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file is empty.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a file whose name ends in .gguf, or download it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is written in version 1 of the format, which llama.cpp no longer reads.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a newer file of this model; conversions since late 2023 will do.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It says it is version {version} of the format; versions 2 and 3 are known.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It may be damaged, or made for a newer program. Choose another file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} cannot be read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It claims {count:,} {what}; at most {limit:,} are read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It claims {count:,} {what}, more than fit into the file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The key {key} appears twice.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The value of {key} has the unknown type {type_id}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{key} is an array of arrays, which llama.cpp does not read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The array {key} has the unknown element type {type_id}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It lists more than {max_strings:,} texts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its general.alignment is not a 32-bit number.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its alignment, {alignment:,}, is not a usable power of two.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>tensor name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The tensor {name} appears twice.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The tensor {name} has {dimensions:,} dimensions; at most {max_dimensions} are possible.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The tensor {name} claims more elements than any file holds.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The tensor {name} does not fit its type {name2}: {error}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The data of tensor {name} is not aligned.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The data of tensor {name} overlaps another&apos;s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has a {what} of {length:,} bytes.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has a {what} that is not text.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has a {what} with invisible characters: {name!a}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The array {key} is longer than the file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is not complete.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its tensors need {end:,} bytes, and the file has {total:,}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download it again; an interrupted download leaves such a file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is damaged, or not a model file that can be read safely.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download it again, or choose another file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has changed since it was read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is shorter than before.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the file again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is not a file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is a folder or a device.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a model file; its name ends in .gguf.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} does not exist.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no such file in {parent}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the file again; it may have been moved or deleted.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} cannot be opened.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This user has no permission to read it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change its permissions, or copy it to a folder of your own.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The system says: {strerror}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the disk or the network folder it lies on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has changed on the server.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was replaced by another version just now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Refresh the list of files and try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its {key} has the wrong type, {type}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It claims to be one of {count} files.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is one of {count} files of a model, but is not named like one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The other files are found by their names, which end in -00001-of-{count:05d}.gguf and so on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give the files back the names they were downloaded with.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> and more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{missing} of the {count} files of this model are missing.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not found: {shown}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download the missing files and put them all into one folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It repeats the tensor {name} of another file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The model has more than {max_tensors:,} tensors.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It promises {expected} tensors, and the files hold {tensors}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It does not say that it is one of {count} files.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no number at all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>By its name it is file {index}, inside it says {said}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It belongs to a model of the architecture {architecture}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is written in another version of the format.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} does not belong to the files beside it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download all files of one quantization again into one folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} does not describe a language model that can be run.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In its header, {details}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another file, or download this one again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>architecture: {architecture}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The vocabulary of {name} is damaged.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has {count:,} tokens and {listed:,} token types.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its token types are not 32-bit numbers.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download the file again, or choose another one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has a header too large to be read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Headers of model files take some ten million bytes; this one goes on beyond {max_header_bytes:,}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It ends in the middle of its header.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>file size: {total:,} bytes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The trial load of this model could not be prepared.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing {name} failed: {strerror}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make some room on this disk. File systems such as FAT32 cannot hold such files.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The machine file {name} cannot be read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the path.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} is not an object</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{place} is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} is not a list</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} has too many entries</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} has {value} entries instead of {arms}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} is not one of {value}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} is not true or false</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} is not plain text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} is not a number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} is not a whole number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where} is out of range</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{place} is 0; leave out what is unknown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{place} is more than the total</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The machine file {file} cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This is no usable machine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write one with `glm-launcher hardware --json`.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not a Mac.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not Windows.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>macOS has no NVIDIA driver.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The answer is not readable: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start it with `--gpus all` and NVIDIA_DRIVER_CAPABILITIES=compute,utility (NVIDIA Container Toolkit).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The NVIDIA driver was updated, but the computer was not restarted since.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The new driver&apos;s libraries do not work with the old one that still runs in the kernel, so no program can begin to use the GPU.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restart the computer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The NVIDIA GPU runs with the driver nouveau, which cannot compute.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>NVIDIA&apos;s own driver is not installed or not chosen.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Install NVIDIA&apos;s driver with the system&apos;s package manager, then restart the computer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>An NVIDIA GPU is set aside for virtual machines (vfio-pci).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To use it here, give it back to NVIDIA&apos;s driver.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine uses the NVIDIA GPU, but its figures (memory in use, clocks) cannot be read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>An NVIDIA driver is installed, but it finds no GPU.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>An external GPU may be unplugged, or all are set aside for virtual machines.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The NVIDIA driver is installed, but not loaded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>After a kernel update the driver has to be built again; Secure Boot refuses one that is not signed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run `sudo modprobe nvidia` and read what it says; else install the driver again and restart the computer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This container may not use the NVIDIA GPU (any more).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The device files are missing or were withdrawn; `systemctl daemon-reload` on the host does that to running containers.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restart the container. {container_flags}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The NVIDIA driver does not work.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restart the computer; if it stays, install the driver again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This user may not use the NVIDIA GPU.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The device files /dev/nvidia* cannot be opened.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add the user to the groups video and render: `sudo usermod -aG video,render $USER`, then log in again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>does not answer; it was given up after 5 seconds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>crashes when asked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The NVIDIA driver {what}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A GPU that has fallen off the bus or a driver update under way does that.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>WSL shows no NVIDIA GPU to Linux.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The driver&apos;s library in /usr/lib/wsl/lib comes from the Windows driver.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>If this computer has an NVIDIA GPU: install the driver in Windows (never inside WSL) and run `wsl --update`, then `wsl --shutdown`.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The host has an NVIDIA GPU, but this container does not have its driver libraries.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This computer has an NVIDIA GPU, but no NVIDIA driver.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Install NVIDIA&apos;s driver (version 570 or later), then restart the computer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The NVIDIA GPU&apos;s memory cannot be read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Python package nvidia-ml-py is missing, too old, or hidden by another pynvml.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run `python3 launch.py` once: it completes the program&apos;s environment.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine that runs the models is not installed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine uses only some of this computer&apos;s GPUs; it does not use {names}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This computer has {names}, but the engine cannot use it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This computer has {names}, but the engine cannot use them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The installed engine computes with {built} only, so models run far slower.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>does not answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine {how} when it is asked for its devices.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A GPU driver that does not fit is the usual cause.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restart the computer. If that does not help, run `{launch} cpu`.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{launch} cpu</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run `{command}` and start the program again. {need}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It needs a C++ compiler.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It drives GPUs of different makers together.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{launch} metal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It needs Apple&apos;s command line tools: `xcode-select --install`.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{launch} rocm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It needs AMD&apos;s ROCm 6.1 or later with the HIP compiler (hipcc).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>With ROCm and its HIP compiler installed, `--engine rocm` works as well.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It needs the Vulkan headers and the shader compiler glslc (Debian and Ubuntu: libvulkan-dev and glslc; Windows: the Vulkan SDK).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{launch} vulkan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The GPU is too old for CUDA 12.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>version {oldest} to {newest}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>version {oldest} or later</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It needs NVIDIA&apos;s CUDA toolkit (nvcc), {toolkit}, no newer than the driver allows.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> CUDA 13 no longer builds for this GPU.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{launch} cuda</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{need} The driver must be {driver_for_cuda} or later.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The driver {driver} runs CUDA {runs} at most: update it to {driver_for_cuda} or later first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{need} The driver here runs CUDA up to {runs}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is set to &quot;{value}&quot;.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start the program without {names} to use them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>An environment variable hides every {vendor} GPU from the engine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>An environment variable hides {hidden} of {cards} {vendor} GPUs.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{vendor} GPU {index}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restart the computer; check the card&apos;s power and seat, or plug it in again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is lost.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} needs a reset.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The other GPUs are used without it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Install the driver for it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has no driver.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>up to {total}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an unknown part</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} shares the system&apos;s memory: {size} of it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is counted once, not twice.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The memory of {name} is unknown.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is cut into MIG slices, and none of them is available here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name one in {variable}, or turn MIG off.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unknown size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is cut into slices; this program works on one of {size}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CUDA gives a process one MIG slice.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This container may use {limit} of {total} of memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The limit comes from {source}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Some questions about this computer were given up: {value}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>They took longer than 5 seconds.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No GPU was found: models run on the processor.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} holds no model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is no model file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Models are files whose name ends in .gguf.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drop such a file, all its shards, or the folder that they are in.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its name does not end in .gguf.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} is loaded and cannot be {what} now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unload it or open another model first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is gone.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look for models again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its download has not been finished.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The download of {done} of its {count} files has not been finished.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{missing} of its {count} files {verb} missing: {shown}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> and {candidates} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No model is called {text}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no model on this computer that the program can find.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“glm-launcher download” gets one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{text} may be any of several models.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>They are: {shown}{more}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There are: {shown}{more}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The downloads do not stop.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pause them, then move the models.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} cannot go into a Hugging Face cache.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing tells which version of its repository it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a folder, or download it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} could not be moved.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The disk of the new place is full.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make room there, then go on. Nothing is lost.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the folder {folder} and its disk. Nothing is lost.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Confirm that the files shall go.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} could not be deleted completely.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close programs that use the files and check the folder&apos;s rights, then try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} is being downloaded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel the download instead; that removes what has come.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The files cannot be moved to the trash.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no trash on their disk, or it has no room for them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> Some of the files are in it already.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete them for good, or leave them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{shared} stay, because something else uses the same data.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{bound} have another name elsewhere and stay under that.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>These files are in a folder of your own; this program did not put them there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>These files are in the Hugging Face cache, which other programs use as well.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>These files belong to {label}, which will no longer find them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no file of the repository has its name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} could not be repaired.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the folder&apos;s rights and the disk. The file is as it was.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no room to repair {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It needs {size} beside the damaged file, and {free} are free.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make room, or delete the model and download it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its folder names no repository</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} cannot be repaired.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Hub has another version of this file by now, or none.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete the model and download it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing tells which repository of the Hub it is from.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download it again, or copy it again from where it came.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder {folder} is not there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder {folder} does not answer; the disk or network may be away.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> and {rest} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This user may not read {unreadable}{more}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} holds too many files; only a part was looked through.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hugging Face cache</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every byte is what the publisher released (SHA-256).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No known hash: only the structure was checked, and it is sound.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No known hash for {value}: there, only the structure was checked.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is damaged: its content is not what the publisher released.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} is not complete.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Finish the download, then verify.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has changed while it was being read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Another program is writing to it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Let that one finish, then verify again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has changed since this program downloaded and verified it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its content is not what the Hub has under this name now; it is damaged, or an earlier </source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{ram_gib} GB of RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One computer can use {most_devices} GPUs at most.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>That is the engine&apos;s limit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take another one out first, or choose cards with more memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is not a description of parts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its list of cards is missing or too long.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A number of cards makes no sense.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is no card.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is no whole computer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is not in the table of GPUs.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only machines of known parts can be changed here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the nearest card from the list.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The table of GPUs has no {get!r}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its {replace} is not a number from {low} to {high}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The machine that was built cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Build it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>With a context of {context} tokens:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Speeds are predictions; sizes with a tilde (~) are estimates.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No folder could be made for it: {strerror}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make some room on this disk.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the only one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>one of the fastest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the fastest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{fastest} of those that keep a part of it in RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the fewest cards, and {fastest} of them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the fewest cards</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{told} and {ram_gib} GB of RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>data center</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unified memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} does not offer {quant}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has: {listed}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another repository or folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} holds no model that can be loaded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has no GGUF file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a folder with .gguf files.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This user may not look into it, or the disk does not answer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check its permissions.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{repo} is called {repo2} now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{repo} holds no GGUF file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>GGUF is the format that the engine loads; this repository has another one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look for a repository of the same model whose name ends in -GGUF.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sizes are those of {generated}, as far as they were known then; how they are made up is estimated from the model&apos;s dimensions.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A context needs at least one token.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a context of 256 tokens or more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} cannot use a context of {asked} tokens.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was trained for {trained_context}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a context of at most {trained_context} tokens.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Batches need at least one token, and a reserve cannot be negative.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose batches of 512 and 2,048 tokens, the usual ones.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The context&apos;s values cannot be kept as {kv_type_v} here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>That needs flash attention, which is turned off.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Turn flash attention on, or choose f16.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The table of measured quality cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is missing or damaged.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It does not fit: {missing} of {missing_in} are missing.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{disk} of it would be read from the disk again and again, at about {tokens_per_second:.1f} tokens/s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It fits with a context of {context} tokens only.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It answers at about {tokens_per_second:.1f} tokens/s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take {model} in {quant}: the best quality that answers at {tokens_per_second:g} tokens/s or more here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> {model} in {quant} does, at about {tokens_per_second:.0f} tokens/s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No file of {model} is all you wished for here.{other} The nearest is {quant}: {shortfall}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No file of {model} fits this machine.{other}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{size} more {kind} buys {quant}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{quant} fits too and is better, at about {tokens_per_second:.1f} tokens/s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{missing} of {missing_in} are missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It fits in unified memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All of it fits in GPU memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It fits: every layer is on the GPU, the experts of {expert_layers_on_cpu} layers stay in RAM.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It fits: {layers_on_cpu} and the experts of {expert_layers_on_cpu} stay in RAM, the rest is on the GPU.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It fits: {layers_on_cpu} stay in RAM, the rest is on the GPU.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It fits in RAM and runs on the processor alone.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It runs from the disk, slowly: {absent}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It does not fit: {absent}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 layer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{number} layers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>about {expected} tokens/s ({low} to {high})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{size}, estimated from the model&apos;s dimensions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Context: {context} tokens, kept as {plan}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Answers at {empty}, with a full context {full}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reads a prompt at {prefill_empty}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quality: {rated}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A widely copied page has {size_gb} GB, {bits_per_weight:g} bits and {quality_pct}% for it: nominal figures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>at most </source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{grade} (divergence {bound}{mean_kld:.3f}, {how})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{keys} and {values}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>~ estimated; the other figures are exact.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>~ estimated.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>~ estimated; compute as the engine simulates it; the other figures are exact.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The context of this model cannot be kept as {kv_type}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its rows have {elements} values, and {kv_type} stores them in groups of {block_elements}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose f16 for the context memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} does not say how large its context memory is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its header lacks the number or the size of the attention heads.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The measured speeds cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Their file is missing, damaged or has a run that was never looked at.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The table of graphics cards cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file with the speed constants cannot be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>GLM Launcher</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write owner/name, owner/name:QUANTIZATION, or paste an address of huggingface.co.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing is written there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>That is no address of a model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is too long or unreadable.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{repo} is not the name of a repository.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>After the colon comes the name of a quantization.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Such as owner/name:Q4_K_M.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>That is no address.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} is not the Hub.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only models on huggingface.co, or on the mirror in the settings, can be fetched here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>That address does not lead to a model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is one of the Hub&apos;s {steps}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>That address does not name a repository.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>That address names no branch or commit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{repo} holds nothing that can be loaded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{repo} has no {what}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has: </source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Address of a model on the Hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>owner/name, owner/name:Q4_K_M or a huggingface.co address</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Get</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quantization to download</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Asking the Hub about {repo}…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> {others} more cannot be loaded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{repo} has {usable} quantizations. Which one?{left_out}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} is in the queue ({size}). {warning}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>free space unknown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{free} free</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{free}, {to_come} to come</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no limit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Connections at once</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Speed limit in megabytes per second, 0 for none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{told}. It holds for what runs now, too.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{full}
The Hugging Face cache, which other programs share.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Connections</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Speed limit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Files go to</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{rstrip} the folder for downloads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>and {rest} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>File {row}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{told}, {verified} verified</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The download failed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take the new file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give the download up…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load and chat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load with options…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel this download?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel and throw away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel this download? {text}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Error: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take off the list</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Details</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progress of {job}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hide the files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pause (Space)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Resume (Space)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel (Del)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pause</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move up (Alt+Up)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move down (Alt+Down)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A folder for models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pause all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Resume all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear finished</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Takes what is complete off the list; the files stay.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} is in the list already.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New downloads go to {folder}. What is in the list already goes where it was meant to.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing is being downloaded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find a model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Full colour: verified. Paler: downloaded, still to be verified.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move this download</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag to change the order (Alt+Up, Alt+Down)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Space pauses or resumes, Enter shows the files, Delete cancels, Alt with the up or down arrow moves it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Downloads, first to last</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Queued</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Running</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Disk full</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Asks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Paused</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Failed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Complete</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Verifying</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{number} files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{number} of {whole}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{have} of {whole}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{verified} verified</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a few seconds left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>about {seconds} left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Starts when those before it are through.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at the disk and at what is there already.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All bytes are here; {share} of them are compared with the checksum.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Needs {needed} more room in {folder}. It goes on by itself when there is room.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In {job}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next try in {left:.0f} s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Trying again now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A file has changed on the server.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} was replaced on the server after this download began; it is another file of {size} now. What came of the old one cannot be used for it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{unfinished} of unfinished files are thrown away.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 complete file stays</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{complete} complete files stay</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done} of {jobs} complete, nothing is running.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{going_on} in the queue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all in {size}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>and {gpus} more GPUs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none found; the processor does the work</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> · {usable_cores} cores usable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Processor</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{room} in {folder}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No GLM model fits this machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The demo model runs everywhere.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The disk lacks {missing} for it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quality: {grade} ({how}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The best quality that answers at {speed:g} tokens/s or more here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} itself does not fit this machine; this is its smaller sibling.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} itself would be slow here: {quant}, {generation_empty}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} does not fit this machine, and this smaller sibling is slow here: the quickest there is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{figure}{value} of {total} {kind}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its figures are estimated from the model&apos;s published dimensions.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sizes are those of {generated}; how they are made up is estimated from the model&apos;s dimensions.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> shared with the system</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not used by the engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>size unknown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{total}, {free} free</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recommended here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the files&apos; headers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download and chat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Offline: {offline}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing can be recommended now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comparing the files with this machine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look for it on the Hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recommended here: a smaller sibling</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The nearest to it here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This machine is too small</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> ({done} of {total})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The files&apos; headers are being read for exact figures{count}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>to know</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy command</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copied</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recommended: {title}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at this machine…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All about this machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use a file on this disk…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try the demo model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Skip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to the chat (Esc)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Already on this disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What this machine can run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>GLM-4.6 answers on your own machine; nothing you write leaves it. This is what was found here, and what to start with.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>First steps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progress</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Later</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{repo} does not offer {quant} any more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its files have been renamed or removed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another quantization on the Models page.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>checking the file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reading the weights</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>preparing the context</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The download is no longer in the list.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was removed there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title}: {sentence} Downloads has what can be done.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The download of {title} goes on where it stopped.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{going_on} downloads ({total}) go on where they stopped.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Verify</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at what is on the Hub and on this disk.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is on this disk. Loading it replaces {open_now}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is on this disk. It does not fit as it is: see the plan in the chat.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ready.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loading was stopped. The file is on this disk.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped. The {have} that have come are kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Waiting for the network.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Paused · {job}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kind</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory each</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Year</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory it takes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tokens/s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Build a machine with it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>GPUs, the best first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The best GPU for {subject}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>GPU memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing of this kind holds all of it. Allow more cards, or choose “With RAM too” to keep a part of the model in RAM.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No GPU of the table is like that and can run it. Clear a filter.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} could not be written.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved as {name}. Any command takes it as --machine {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opened {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quantizations on this machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare with this machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shows what each quantization does on the machine the program runs on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy as text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start from this machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Takes over the parts of the machine the program runs on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan models for it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shows the quantizations of every model on this machine instead of yours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Machine files (*.json)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This machine: {statement}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a model first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Planning …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quantization</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quality</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What it takes of all this machine has.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Predicted; the range is in each row&apos;s tooltip.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The same on the machine the program runs on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>needs {missing} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>from disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{plan}, with a context of {context} tokens kept as {kv_type_k}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quality: {quality}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Answers at {generation_empty}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reads a prompt at {prefill_empty}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its size is that of the list that ships with the program.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>RAM of {ram_gib} GB at {speed}; the system and other programs keep a part of it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search for a GPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search: RTX 6000, Apple Ultra, 2025 …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vendor {vendor}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kind: {kind}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Runs it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only what can run it, alone or with RAM beside it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>With RAM too</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Also one card that keeps a part of the model in RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear the filters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{m} GB or more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Since</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>any year</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>since {y}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cards</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>any number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n} at most</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a single one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sizes are those of the list that ships with the program; how they are made up is estimated.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>GPUs that can run it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sorted by</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>By {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>GPUs that can run {subject}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No GPU of the table is like that. Clear a filter, or search for other words.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kept in the description of the machine. Answers from RAM are bound by its bandwidth, so the prediction does not depend on the number of cores.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Speed of the RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Other …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory channels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Transfers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Processor cores</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>PCI Express of the first slot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>PCIe {generation}.0 x16</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How fast weights in RAM reach the first card while it reads a prompt.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a GPU or choose a whole machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a GPU: RTX 4090, M3 Ultra …</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How many {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take out {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No GPU: the processor does all of it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its speed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Slot</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Parts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>RAM beside the cards</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the processor reads of the model comes at the speed of this RAM.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Planning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>: {done} of {total}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Planning it on every GPU of the table{of}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> What is shown is for an earlier choice.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a model and a quantization first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What each number of cards brings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Source: {source}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is too small, and so is any number of it that one computer can have.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is too small.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The whole machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{what}, {ram_gib} GB RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Build</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Build a machine with {text}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>See every quantization on a machine with {text}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find the best GPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Build a machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vendor</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As on the box; these GB are GiB.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bandwidth</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Needed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How many hold all of it in GPU memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of all these cards together, or of one card and RAM where they are not enough.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Predicted, with all of it in GPU memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One card and RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The least RAM that holds the rest, and the speed with it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} in {quant}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{tokens} tokens of context kept as {kv_type_k} · {rough}{size} of weights</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{alone} of {rows} can hold all of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{told}, {beside} more run it with RAM beside them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fits in part</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too small</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>more than {most_devices}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 card</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{cards} cards</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This machine has it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{bytes_per_second:,.0f} GB/s to its memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not enough, however many of it one computer can have.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{who} and {ram_gib} GB of RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The RAM is taken to be read at {ram:.0f} GB/s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{told} Boards for so much of it have more channels and are faster; choose such RAM under “Find the best GPU”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>~{used} of {free}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>weights on the GPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>weights in RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>context</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>work buffers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>overhead</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{used} of {total} used</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>load not known yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>GPU {index}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lost: restart the computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>memory unknown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> (last known)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fan {fan_percent}%</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Problem</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Warning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Note</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The report was not saved.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file could not be written: {strerror}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved: {path}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The report was copied.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hide report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The processor does all of it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No model is open.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save report…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hardware</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Context</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{context:,} tokens</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Placement</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Predicted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Measured</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a recorded machine: nothing of it is live</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close the result</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find on this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Order</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Asking the Hub for the rest of {title}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is sound</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} differs from the Hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move to trash</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{question} Delete them all the same?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete them all the same</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{what} {why} Delete {title} for good?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete for good</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Emptying the trash frees {frees}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Frees {frees}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} is deleted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Finish download</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Repair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fetches again what is wrong, as little as possible</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reads every byte</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy path</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loaded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Models on this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look through it from now on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folders} folders</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>These are {models} models, and one can be open at a time. With {where} among your folders, they are listed under “On this computer”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add folders</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a folder with models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>By name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Largest first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last used first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Troubled first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In the folders of this program and of others.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No model on this computer yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download one from the list of models, drop a .gguf file here, or add a folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> Looked through: {looked}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No model here has “{query}” in its name, place or state.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ready</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not complete</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Broken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not loadable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Verified</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>used {last_used}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{days} days ago</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>on {then:%Y-%m-%d}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{files} files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>trained for {context} tokens</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>with {value}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{size} of {known} are here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{number:.3g} {unit} parameters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{number} parameters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Verified on {day}: every byte is what was published.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checked on {day}: the structure is sound; no hash is known for these files.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{number} models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{shown} of {counted}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{free} free where downloads go</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking into files: {number} of {number2}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>
and {texts} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move {title} to the trash? Emptying the trash then frees {frees}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> · about {left} left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done} of {size}{rate}{rest}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The disk is full: {needed} more are needed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Waiting: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fetching: {done} of {size}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>repeat penalty</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sampling that its makers advise</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Point at a test, or use the arrow keys, to read its figures.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Benchmarks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take {quant}: {best}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{quant} comes nearest: {shortfall}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No file of {model} fits in the memory of this machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lower the context, or look at what another machine would do.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All that was asked for: {model} in {quant}, {candidate}, about {rate} tokens/s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} in {quant}, {candidate}, comes nearest: </source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> It answers at about {tokens_per_second} tokens/s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing here is noticeably better, and it is the quickest of these</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the best quality that still answers at reading speed here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{candidate} in {number} files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{context} tokens of context in {kv_type_k}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{removesuffix} of {label}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>experts of {expert_layers_on_cpu} layers in RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{layers_on_cpu} layers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{whole} in RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{whole} and the experts of {expert_layers_on_cpu} in RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all of it on the GPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>on the processor alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reading_speed:g} tokens/s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Asked for: {context} tokens of context in {kv}, and answers at {speed} or more, which is about as fast as people read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The smallest is {quant}: {shortfall}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is quicker, at about {tokens_per_second} tokens/s, and further from the unquantized model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is no better in a way that people notice, and slower, at about {tokens_per_second} tokens/s.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is further from the unquantized model and no quicker.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shows the reason and what else there is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>See {sibling}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hide</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Benchmarks, {groups} tests</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How many tokens a conversation may have. More takes more memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How the context is kept. q8_0 takes about half the memory of f16 and costs next to nothing in quality; q4_0 takes about a quarter.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Context in tokens</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Context in tokens, as a number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Context memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fits here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Other machine…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan for another computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fits here ({fitting})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All {total}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{tokens} tokens. {context_tip}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On the Hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opens the files&apos; page in the browser</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What it takes of each memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{placement_text} Answers at {speed_words}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{quant} on the Hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search the Hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search the Hub for models, or give a repository as owner/name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A model&apos;s name, or a repository as owner/name. Enter searches.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>On this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>models on the disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>weights on GPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>work</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to this machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cannot be planned for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at it…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The bars show {told}, as parts of what is free.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Each part of a bar is one memory; its length is what is free there now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{what} These are of the list that comes with the program.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No repository with its files is known yet: sizes are what these usually take.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Hub cannot be reached.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a machine file…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As `glm-launcher hardware --json` writes it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Examples</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a machine file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Jan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Feb</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Apr</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>May</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Jun</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Jul</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Aug</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sep</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Oct</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nov</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dec</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Computed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quoted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mixture of experts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dense</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{billions} parameters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{total}, {billions} active</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} tokens of context</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Active per token</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Licence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Released</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{live} downloads in 30 days</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} downloads in 30 days, as of {as_of}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> + {mtp_layers} that predicts further tokens (MTP, not loaded)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{kind}, {gguf} in llama.cpp</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Layers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> and {shared_experts} shared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Experts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{experts} per layer, {experts_used} used{shared} for a token</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Without experts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the first {dense_layers} layers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>, {kv_heads} for keys and values</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>, of {head_length} values each</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Attention heads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Attention</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Width</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{hidden} values</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No GPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>NVIDIA GeForce </source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>AMD Radeon </source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> Processor</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Planned as if the engine could use {names}; the installed one cannot yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} cannot use a context of {tokens} tokens: it was trained for {most}. That is what is shown now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close the search</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{text}” on the Hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{downloads} downloads in 30 days</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>gated: its terms have to be accepted on the Hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No repository with GGUF files has such a name. Search for the model&apos;s name alone, or give the repository as owner/name.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>, of which {most} are shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{repos} repositories with GGUF files{shown}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory per device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Max context</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Speed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How the weights are stored. Fewer bits make a smaller file and a less exact one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What has to be downloaded, in GB of 10^9 bytes.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bits per weight, on average over the file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How often the most likely next token is the one of the unquantized model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Each memory has a part of the bar: what the model takes of what is free there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>With how many tokens it still fits in memory, as the context is kept now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Predicted tokens per second of an answer; the range is in each row&apos;s tooltip.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where it would run.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>on this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cannot be kept so</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>experts in RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>layers in RAM</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open on the Hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No repository with GGUF files of {title} is known to the program.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search the Hub for one, or give it as owner/name in the search field.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{repo} has no quantization that this program can load.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another repository.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at the machine…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading headers of {repo}: {done} of {total}…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading what {repo} holds…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find it on the Hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find on the Hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None of them stays in memory here with this context. Lower the context, or show all.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exact headers are being read{so_far}; until then these are estimates.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Weights and context are exact, read from the files&apos; headers; work buffers and speed are predictions, with their range in the tooltip.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> and {refused} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not offered: {names}{more}. {refused}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading what the repository holds…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quantizations</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Select all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About and benchmarks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Files of</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Several people offer files of this model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> in {files} files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>as listed when this program was made, not exact</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{size} bytes{where}, {how}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{size_gb} GB at {bits_per_weight:g} bits: {nominal_label}, which multiplies parameters by a nominal number of bits.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Estimated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{how}: the most likely next token is the unquantized model&apos;s in {top1_agreement_pct:.1f}% of cases; divergence {bound}{mean_kld:.3f} nats per token.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Perplexity {ppl_change_pct:+.1f}%, {measured}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{quality_pct}%: {nominal_label}, by no stated measurement.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Source: {source}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{missing} {what} missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>from disk, slow</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fits in memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fits in GPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>processor only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No speed can be predicted while it does not fit.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>and {rows} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>each of {same} × {label}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all there is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Being looked for.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It does not fit in memory with any context, kept as {kv}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All {trained} tokens that it was trained for fit, kept as {kv}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>With more than {tokens} tokens, kept as {kv}, it would no longer fit in memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{quant}, {candidate}, {bits_per_weight:.2f} bits per weight, quality {quality}, {text}, {plan}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no speed predicted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{size} bytes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>checked by its hash</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no hash known, checked by its size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>quality {figure} {how}, {grade}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quality: {grade}. A smaller model in more bits is usually better.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close the note</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Note: {text}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remedy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Downloads are running</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in the tray</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>with the window minimized</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{what} Go on {way}?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whatever has come is kept in both cases, and a later start goes on from there. Your answer is remembered; Settings has it under “Go on in the tray”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go on in the tray</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go on minimized</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop and close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show GLM Launcher</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pause all downloads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Update</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The downloads go on while the window is minimized: this desktop has no tray. Ctrl+Q ends the program.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>GLM Launcher: {jobs}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{job} is being downloaded ({percent}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{going_on} downloads are running ({going_on2}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} is here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{size}, complete.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} failed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the window to see why.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No room for {title}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It needs {needed} more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} has changed on the server</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>聊天</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
</context>
</TS>
