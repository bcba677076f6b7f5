<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name></name>
    <message>
        <source>The address of the Hub cannot be used.</source>
        <translation>无法使用这个 Hub 地址。</translation>
    </message>
    <message>
        <source>It has to begin with https:// and name a host.</source>
        <translation>地址必须以 https:// 开头，并写明主机。</translation>
    </message>
    <message>
        <source>Correct it in the settings (Network), or in the variable HF_ENDPOINT.</source>
        <translation>请在设置（网络）或环境变量 HF_ENDPOINT 中更正。</translation>
    </message>
    <message>
        <source>The descriptions of the models cannot be used.</source>
        <translation>无法使用模型说明。</translation>
    </message>
    <message>
        <source>Their file is missing or damaged.</source>
        <translation>说明文件缺失或已损坏。</translation>
    </message>
    <message>
        <source>Install GLM Launcher again.</source>
        <translation>请重新安装 GLM Launcher。</translation>
    </message>
    <message>
        <source>The token was not sent.</source>
        <translation>令牌没有发送。</translation>
    </message>
    <message>
        <source>The connection to this mirror is not encrypted, so that others could read it.</source>
        <translation>与该镜像的连接未加密，令牌可能被他人读取。</translation>
    </message>
    <message>
        <source>Use a mirror whose address begins with https://.</source>
        <translation>请使用地址以 https:// 开头的镜像。</translation>
    </message>
    <message>
        <source>your account</source>
        <translation>你的账号</translation>
    </message>
    <message>
        <source>It names no commit.</source>
        <translation>其中没有写明提交。</translation>
    </message>
    <message>
        <source>The answer was not a list of files.</source>
        <translation>返回的不是文件列表。</translation>
    </message>
    <message>
        <source>Its name is not one that a repository can have.</source>
        <translation>它的名称不是有效的仓库名。</translation>
    </message>
    <message>
        <source>Made before 21 January 2026, when an error in such files was found: the model repeats itself and goes wrong. Take a newer file.</source>
        <translation>制作于 2026 年 1 月 21 日之前，后来发现这类文件有错误：模型会自我重复、答非所问。请换用较新的文件。</translation>
    </message>
    <message>
        <source>It is cut into pieces that have to be joined before any program can load them.</source>
        <translation>文件被切成了若干块，需要先拼接，程序才能加载。</translation>
    </message>
    <message>
        <source>Only other programs can load it (Transformers, vLLM, MLX and the like).</source>
        <translation>只有其他程序能加载（Transformers、vLLM、MLX 等）。</translation>
    </message>
    <message>
        <source>{lacking} of its {expected} files are missing there.</source>
        <translation>{expected} 个文件中缺少 {lacking} 个。</translation>
    </message>
    <message>
        <source>Only ik_llama.cpp can load it.</source>
        <translation>只有 ik_llama.cpp 能加载。</translation>
    </message>
    <message>
        <source>in the settings (Network)</source>
        <translation>（在设置的“网络”中）</translation>
    </message>
    <message>
        <source>It is not what a Hub answers.</source>
        <translation>这不是 Hub 会返回的内容。</translation>
    </message>
    <message>
        <source>The Hub is not asked.</source>
        <translation>没有询问 Hub。</translation>
    </message>
    <message>
        <source>The variable HF_HUB_OFFLINE says that this machine is offline.</source>
        <translation>环境变量 HF_HUB_OFFLINE 表示这台机器处于离线状态。</translation>
    </message>
    <message>
        <source>Remove it to look on the Hub.</source>
        <translation>删除该变量即可在 Hub 上查找。</translation>
    </message>
    <message>
        <source>{text} is not the name of a repository.</source>
        <translation>{text} 不是仓库的名称。</translation>
    </message>
    <message>
        <source>A repository is called owner/name.</source>
        <translation>仓库名称的形式是 owner/name。</translation>
    </message>
    <message>
        <source>Check the name; unsloth/GLM-4.6-GGUF is one.</source>
        <translation>请检查名称，例如 unsloth/GLM-4.6-GGUF。</translation>
    </message>
    <message>
        <source>What the Hub says about {what} cannot be understood.</source>
        <translation>无法理解 Hub 对 {what} 的回答。</translation>
    </message>
    <message>
        <source>Try again later, or check the address of the Hub {settings}.</source>
        <translation>请稍后再试，或检查 Hub 的地址（{settings}）。</translation>
    </message>
    <message>
        <source>{host} cannot be reached through the proxy.</source>
        <translation>无法通过代理连接 {host}。</translation>
    </message>
    <message>
        <source>The proxy that this machine names does not let the program through.</source>
        <translation>这台机器设置的代理不让本程序通过。</translation>
    </message>
    <message>
        <source>Check the proxy in the system&apos;s settings or in HTTPS_PROXY.</source>
        <translation>请检查系统设置或 HTTPS_PROXY 中的代理。</translation>
    </message>
    <message>
        <source>The connection to {host} is not safe.</source>
        <translation>与 {host} 的连接不安全。</translation>
    </message>
    <message>
        <source>Its certificate could not be checked.</source>
        <translation>无法验证它的证书。</translation>
    </message>
    <message>
        <source>Check the clock of this machine, and ask whoever runs the network or the mirror.</source>
        <translation>请检查这台机器的时钟，或询问网络或镜像的管理者。</translation>
    </message>
    <message>
        <source>{host} sends the program round in circles.</source>
        <translation>{host} 让程序不停地兜圈子。</translation>
    </message>
    <message>
        <source>It redirects without end.</source>
        <translation>它无休止地重定向。</translation>
    </message>
    <message>
        <source>Check the address of the Hub {settings}.</source>
        <translation>请检查 Hub 的地址（{settings}）。</translation>
    </message>
    <message>
        <source>{host} cannot be reached.</source>
        <translation>无法连接 {host}。</translation>
    </message>
    <message>
        <source>It did not answer in time.</source>
        <translation>它没有及时回应。</translation>
    </message>
    <message>
        <source>There is no connection, or it broke off.</source>
        <translation>没有网络连接，或连接中断了。</translation>
    </message>
    <message>
        <source>Check the connection and try again.</source>
        <translation>请检查网络连接后重试。</translation>
    </message>
    <message>
        <source>The Hub does not accept your access token.</source>
        <translation>Hub 不接受你的访问令牌。</translation>
    </message>
    <message>
        <source>It may have been revoked, have run out or been mistyped.</source>
        <translation>令牌可能已被吊销、已过期或输入有误。</translation>
    </message>
    <message>
        <source>Enter a new token {settings}, or remove it.</source>
        <translation>请输入新的令牌（{settings}），或将其删除。</translation>
    </message>
    <message>
        <source>{what} is open only to people who have accepted its terms.</source>
        <translation>只有接受了条款的人才能获取 {what}。</translation>
    </message>
    <message>
        <source>The Hub does not know who is asking.</source>
        <translation>Hub 不知道是谁在请求。</translation>
    </message>
    <message>
        <source>Your account has not been let in yet.</source>
        <translation>你的账号尚未获得许可。</translation>
    </message>
    <message>
        <source>Accept the terms on the model&apos;s page, and enter your access token {settings}.</source>
        <translation>请在模型页面接受条款，然后输入访问令牌（{settings}）。</translation>
    </message>
    <message>
        <source>{what} was switched off by the Hub.</source>
        <translation>{what} 已被 Hub 停用。</translation>
    </message>
    <message>
        <source>Nobody can get it from there any more.</source>
        <translation>任何人都无法再从那里获取。</translation>
    </message>
    <message>
        <source>Choose another repository of the same model.</source>
        <translation>请选择同一模型的其他仓库。</translation>
    </message>
    <message>
        <source>{what} has no such version.</source>
        <translation>{what} 没有这个版本。</translation>
    </message>
    <message>
        <source>Its owner has replaced or removed it.</source>
        <translation>它的所有者已将其替换或删除。</translation>
    </message>
    <message>
        <source>Leave the version out to get the newest one.</source>
        <translation>不指定版本即可获取最新版本。</translation>
    </message>
    <message>
        <source>{what} does not hold this file any more.</source>
        <translation>{what} 不再包含这个文件。</translation>
    </message>
    <message>
        <source>Its owner has moved, renamed or deleted it.</source>
        <translation>它的所有者已将其移动、改名或删除。</translation>
    </message>
    <message>
        <source>Refresh the list of files.</source>
        <translation>请刷新文件列表。</translation>
    </message>
    <message>
        <source>There is no repository {what}, or it is not open to you.</source>
        <translation>仓库 {what} 不存在，或未对你开放。</translation>
    </message>
    <message>
        <source>The Hub does not tell the one from the other.</source>
        <translation>Hub 不区分这两种情况。</translation>
    </message>
    <message>
        <source>Check the name. For a private one, enter your access token {settings} or set HF_TOKEN.</source>
        <translation>请检查名称。如果是私有仓库，请输入访问令牌（{settings}），或设置 HF_TOKEN。</translation>
    </message>
    <message>
        <source>The Hub does not show {what} to this token.</source>
        <translation>Hub 不向这个令牌显示 {what}。</translation>
    </message>
    <message>
        <source>The token lacks the right to read it.</source>
        <translation>令牌没有读取它的权限。</translation>
    </message>
    <message>
        <source>Make a token that may read, and enter it {settings}.</source>
        <translation>请创建具有读取权限的令牌并输入（{settings}）。</translation>
    </message>
    <message>
        <source>{host} cannot answer now.</source>
        <translation>{host} 现在无法回应。</translation>
    </message>
    <message>
        <source>It reported error {status}.</source>
        <translation>它报告了错误 {status}。</translation>
    </message>
    <message>
        <source>Try again later.</source>
        <translation>请稍后再试。</translation>
    </message>
    <message>
        <source>Try again in {time}</source>
        <translation>请在 {time}后重试</translation>
    </message>
    <message>
        <source>Wait a few minutes</source>
        <translation>请等几分钟</translation>
    </message>
    <message>
        <source>{host} has had too many questions from here.</source>
        <translation>{host} 收到了来自这里的过多请求。</translation>
    </message>
    <message>
        <source>It limits how many it answers.</source>
        <translation>它限制了回应的次数。</translation>
    </message>
    <message>
        <source>{wait}, or enter an access token {settings}, with which the limit is higher.</source>
        <translation>{wait}，或输入访问令牌（{settings}），限额会更高。</translation>
    </message>
    <message>
        <source>Finding models on the Hub</source>
        <translation>在 Hub 上查找模型</translation>
    </message>
    <message>
        <source>The answer of the Hub is packed.</source>
        <translation>Hub 的回答是压缩过的。</translation>
    </message>
    <message>
        <source>It was asked not to be.</source>
        <translation>我们要求过不要压缩。</translation>
    </message>
    <message>
        <source>The answer of the Hub is too large.</source>
        <translation>Hub 的回答过大。</translation>
    </message>
    <message>
        <source>No list takes more than {max_answer_bytes} MB.</source>
        <translation>任何列表都不会超过 {max_answer_bytes} MB。</translation>
    </message>
    <message>
        <source>Check the address of the Hub in the settings, or try again later.</source>
        <translation>请检查设置中 Hub 的地址，或稍后再试。</translation>
    </message>
    <message>
        <source>it does not answer</source>
        <translation>它没有回应</translation>
    </message>
    <message>
        <source>there is none that is safe</source>
        <translation>没有安全的密钥环</translation>
    </message>
    <message>
        <source>This system has no keyring. The token is kept in a file that only you can read, unencrypted.</source>
        <translation>这个系统没有密钥环。令牌保存在只有你能读取的文件中，未加密。</translation>
    </message>
    <message>
        <source>That is not an access token.</source>
        <translation>这不是访问令牌。</translation>
    </message>
    <message>
        <source>A token is one word, such as hf_…, without spaces.</source>
        <translation>令牌是一个不含空格的词，例如 hf_…。</translation>
    </message>
    <message>
        <source>Copy it from the Hub: your picture, Settings, Access Tokens.</source>
        <translation>请从 Hub 复制：你的头像、Settings、Access Tokens。</translation>
    </message>
    <message>
        <source>It is no longer used, but the system&apos;s keyring still holds it.</source>
        <translation>它已不再使用，但系统的密钥环中仍保存着它。</translation>
    </message>
    <message>
        <source>The keyring does not answer.</source>
        <translation>密钥环没有回应。</translation>
    </message>
    <message>
        <source>Unlock it, and delete its entry “{service}” there.</source>
        <translation>请解锁密钥环，并删除其中的条目“{service}”。</translation>
    </message>
    <message>
        <source>It could not be stored.</source>
        <translation>无法保存。</translation>
    </message>
    <message>
        <source>The file {name} could not be changed: {strerror}.</source>
        <translation>无法更改文件 {name}：{strerror}。</translation>
    </message>
    <message>
        <source>The list could not be cleared.</source>
        <translation>无法清空列表。</translation>
    </message>
    <message>
        <source>The file {name} could not be removed: {strerror}.</source>
        <translation>无法移除文件 {name}：{strerror}。</translation>
    </message>
    <message>
        <source>Check the folder {parent}.</source>
        <translation>请检查文件夹 {parent}。</translation>
    </message>
    <message>
        <source>There is another file called {name} already.</source>
        <translation>已经有另一个名为 {name} 的文件。</translation>
    </message>
    <message>
        <source>Its content is not that of the file to be downloaded, and it is not overwritten.</source>
        <translation>它的内容与要下载的文件不同，因此不会被覆盖。</translation>
    </message>
    <message>
        <source>Move or rename that file, or choose another folder.</source>
        <translation>请移动或重命名该文件，或选择其他文件夹。</translation>
    </message>
    <message>
        <source>There is another version of {path}.</source>
        <translation>{path} 已有另一个版本。</translation>
    </message>
    <message>
        <source>What was begun is not a part of it, and is kept.</source>
        <translation>已开始下载的部分不属于新版本，予以保留。</translation>
    </message>
    <message>
        <source>Start the download anew to have the other version, or choose another folder.</source>
        <translation>重新开始下载可获取新版本，也可以选择其他文件夹。</translation>
    </message>
    <message>
        <source>the server has stopped sending</source>
        <translation>服务器停止了发送</translation>
    </message>
    <message>
        <source>the server redirects to an unsafe address</source>
        <translation>服务器重定向到不安全的地址</translation>
    </message>
    <message>
        <source>the server redirects without end</source>
        <translation>服务器无休止地重定向</translation>
    </message>
    <message>
        <source>the answer ended too early</source>
        <translation>回答提前结束</translation>
    </message>
    <message>
        <source>the connection was closed</source>
        <translation>连接已关闭</translation>
    </message>
    <message>
        <source>the server answered {status}</source>
        <translation>服务器回答 {status}</translation>
    </message>
    <message>
        <source>the server says that the file is shorter</source>
        <translation>服务器称文件更短</translation>
    </message>
    <message>
        <source>the file on the server is another one</source>
        <translation>服务器上的文件已是另一个文件</translation>
    </message>
    <message>
        <source>the file on the server has another size</source>
        <translation>服务器上的文件大小不同</translation>
    </message>
    <message>
        <source>the server sent the whole file instead of a part</source>
        <translation>服务器发送了整个文件而不是一部分</translation>
    </message>
    <message>
        <source>the server does not say which part it sends</source>
        <translation>服务器没有说明发送的是哪一部分</translation>
    </message>
    <message>
        <source>the server sent another part than was asked for</source>
        <translation>服务器发送的部分与请求的不同</translation>
    </message>
    <message>
        <source>The server sends from one address to the next without end.</source>
        <translation>服务器在地址之间不停地转来转去。</translation>
    </message>
    <message>
        <source>Its redirects form a circle; a mirror or a proxy may be set up wrongly.</source>
        <translation>重定向形成了循环；镜像或代理可能设置有误。</translation>
    </message>
    <message>
        <source>Check the mirror setting, or try again later.</source>
        <translation>请检查镜像设置，或稍后再试。</translation>
    </message>
    <message>
        <source>The server does not give out the file.</source>
        <translation>服务器不提供这个文件。</translation>
    </message>
    <message>
        <source>It refuses every new link at once.</source>
        <translation>每个新链接都立即被它拒绝。</translation>
    </message>
    <message>
        <source>Check that the clock of this machine is right, then try again.</source>
        <translation>请确认这台机器的时钟准确，然后重试。</translation>
    </message>
    <message>
        <source>The server offers a file that does not fit what the Hub lists.</source>
        <translation>服务器提供的文件与 Hub 列出的不符。</translation>
    </message>
    <message>
        <source>A mirror may be out of date.</source>
        <translation>镜像可能已过时。</translation>
    </message>
    <message>
        <source>Try again later, or without the mirror.</source>
        <translation>请稍后再试，或不使用镜像。</translation>
    </message>
    <message>
        <source>The server does not send the file.</source>
        <translation>服务器没有发送文件。</translation>
    </message>
    <message>
        <source>{failures} tries in a row failed; the last time, {error}.</source>
        <translation>连续 {failures} 次尝试失败；最后一次：{error}。</translation>
    </message>
    <message>
        <source>What has come so far is kept. Try again later.</source>
        <translation>已下载的部分会保留。请稍后再试。</translation>
    </message>
    <message>
        <source>What came for {path} is not what the Hub lists.</source>
        <translation>收到的 {path} 与 Hub 列出的不符。</translation>
    </message>
    <message>
        <source>It was fetched twice and its SHA-256 is wrong; nothing of it was kept.</source>
        <translation>已下载两次，SHA-256 均不正确；没有保留任何内容。</translation>
    </message>
    <message>
        <source>Try again later or without a mirror or proxy; the file on the server may be damaged.</source>
        <translation>请稍后再试，或不使用镜像或代理；服务器上的文件可能已损坏。</translation>
    </message>
    <message>
        <source>expected {expected}, found {found}</source>
        <translation>应为 {expected}，实为 {found}</translation>
    </message>
    <message>
        <source>What was on the disk of {path} is read again</source>
        <translation>正在重新读取磁盘上已有的 {path}</translation>
    </message>
    <message>
        <source>What came for {path} was damaged and is fetched again</source>
        <translation>收到的 {path} 已损坏，正在重新下载</translation>
    </message>
    <message>
        <source>The folder {folder} cannot be used.</source>
        <translation>无法使用文件夹 {folder}。</translation>
    </message>
    <message>
        <source>The system does not let the program read or write there.</source>
        <translation>系统不允许本程序在那里读写。</translation>
    </message>
    <message>
        <source>Check the folder&apos;s rights and the disk, or choose another folder.</source>
        <translation>请检查文件夹权限和磁盘，或选择其他文件夹。</translation>
    </message>
    <message>
        <source>the Hub did not answer</source>
        <translation>Hub 没有回应</translation>
    </message>
    <message>
        <source>The download stopped because of an error in the program.</source>
        <translation>下载因程序错误而停止。</translation>
    </message>
    <message>
        <source>Try again; if it happens again, report it with the log.</source>
        <translation>请重试；如果再次发生，请附上日志报告。</translation>
    </message>
    <message>
        <source>{name} did not arrive whole at the new place.</source>
        <translation>{name} 没有完整到达新位置。</translation>
    </message>
    <message>
        <source>What was read back is not what was written.</source>
        <translation>读回的内容与写入的不同。</translation>
    </message>
    <message>
        <source>Check the disk. The file is still where it was.</source>
        <translation>请检查磁盘。文件仍在原处。</translation>
    </message>
    <message>
        <source>There is a file called {name} at the new place already.</source>
        <translation>新位置已有名为 {name} 的文件。</translation>
    </message>
    <message>
        <source>It is not overwritten.</source>
        <translation>它不会被覆盖。</translation>
    </message>
    <message>
        <source>Move it away or choose another folder.</source>
        <translation>请将它移走，或选择其他文件夹。</translation>
    </message>
    <message>
        <source>There is no room at the new place.</source>
        <translation>新位置空间不足。</translation>
    </message>
    <message>
        <source>It needs {needed}, and {free} are free.</source>
        <translation>需要 {needed}，可用 {free}。</translation>
    </message>
    <message>
        <source>Make room or choose another folder.</source>
        <translation>请腾出空间，或选择其他文件夹。</translation>
    </message>
    <message>
        <source>{partition} is being downloaded already.</source>
        <translation>{partition} 已在下载。</translation>
    </message>
    <message>
        <source>Another window or terminal has this download open.</source>
        <translation>另一个窗口或终端正在进行这个下载。</translation>
    </message>
    <message>
        <source>Let that one finish or stop it first.</source>
        <translation>请等它完成，或先将它停止。</translation>
    </message>
    <message>
        <source>{repo} is open only to people who have accepted its terms.</source>
        <translation>只有接受了条款的人才能获取 {repo}。</translation>
    </message>
    <message>
        <source>Accept the terms on the model&apos;s page, then enter your access token in the settings.</source>
        <translation>请在模型页面接受条款，然后在设置中输入访问令牌。</translation>
    </message>
    <message>
        <source>Accept the terms on the model&apos;s page with the account of your token, then try again.</source>
        <translation>请用令牌所属的账号在模型页面接受条款，然后重试。</translation>
    </message>
    <message>
        <source>It may have been revoked or mistyped.</source>
        <translation>令牌可能已被吊销或输入有误。</translation>
    </message>
    <message>
        <source>Enter a new token in the settings, or remove it.</source>
        <translation>请在设置中输入新的令牌，或将其删除。</translation>
    </message>
    <message>
        <source>The version of {repo} that was listed is gone.</source>
        <translation>{repo} 列出的版本已不存在。</translation>
    </message>
    <message>
        <source>Its owner has replaced the repository&apos;s history.</source>
        <translation>它的所有者替换了仓库的历史。</translation>
    </message>
    <message>
        <source>Refresh the list of files and start the download again.</source>
        <translation>请刷新文件列表，然后重新开始下载。</translation>
    </message>
    <message>
        <source>{path} is no longer in {repo}.</source>
        <translation>{path} 已不在 {repo} 中。</translation>
    </message>
    <message>
        <source>Its owner has removed or renamed it.</source>
        <translation>它的所有者已将其删除或改名。</translation>
    </message>
    <message>
        <source>Refresh the list of files and pick another one.</source>
        <translation>请刷新文件列表，选择其他文件。</translation>
    </message>
    <message>
        <source>There is no repository {repo}, or it is not open to you.</source>
        <translation>仓库 {repo} 不存在，或未对你开放。</translation>
    </message>
    <message>
        <source>Check the name; for a private repository, enter your access token in the settings.</source>
        <translation>请检查名称；如果是私有仓库，请在设置中输入访问令牌。</translation>
    </message>
    <message>
        <source>The Hub does not give out {path}.</source>
        <translation>Hub 不提供 {path}。</translation>
    </message>
    <message>
        <source>It answered {status}.</source>
        <translation>它回答 {status}。</translation>
    </message>
    <message>
        <source>Try again later, or pick another repository.</source>
        <translation>请稍后再试，或选择其他仓库。</translation>
    </message>
    <message>
        <source>The download of {path} was begun by a newer version of the program.</source>
        <translation>{path} 的下载由较新版本的程序开始。</translation>
    </message>
    <message>
        <source>This version does not know how to go on with it, and leaves it as it is.</source>
        <translation>当前版本不知道如何继续，因此保持原样。</translation>
    </message>
    <message>
        <source>Update the program, or cancel this download and start it anew.</source>
        <translation>请更新程序，或取消这个下载并重新开始。</translation>
    </message>
    <message>
        <source>This file cannot be stored.</source>
        <translation>无法保存这个文件。</translation>
    </message>
    <message>
        <source>Its name, size or hash is not one that a file of the Hub can have.</source>
        <translation>它的名称、大小或哈希不是 Hub 文件应有的。</translation>
    </message>
    <message>
        <source>Pick another file.</source>
        <translation>请选择其他文件。</translation>
    </message>
    <message>
        <source>the connection broke: {error}</source>
        <translation>连接中断：{error}</translation>
    </message>
    <message>
        <source>the answer&apos;s head is too long</source>
        <translation>回答的头部过长</translation>
    </message>
    <message>
        <source>the connection was closed before an answer came</source>
        <translation>连接在收到回答之前关闭</translation>
    </message>
    <message>
        <source>The file could not be written.</source>
        <translation>无法写入文件。</translation>
    </message>
    <message>
        <source>The disk or the folder reported an error.</source>
        <translation>磁盘或文件夹报告了错误。</translation>
    </message>
    <message>
        <source>Check the disk, or choose another folder, and try again.</source>
        <translation>请检查磁盘，或选择其他文件夹，然后重试。</translation>
    </message>
    <message>
        <source>Downloading models</source>
        <translation>下载模型</translation>
    </message>
    <message>
        <source>an unknown transfer encoding: {encoding}</source>
        <translation>未知的传输编码：{encoding}</translation>
    </message>
    <message>
        <source>the answer names two lengths</source>
        <translation>回答给出了两个长度</translation>
    </message>
    <message>
        <source>the answer&apos;s length is not a number</source>
        <translation>回答的长度不是数字</translation>
    </message>
    <message>
        <source>the answer&apos;s chunks make no sense</source>
        <translation>回答的分块没有意义</translation>
    </message>
    <message>
        <source>{host} did not answer</source>
        <translation>{host} 没有回应</translation>
    </message>
    <message>
        <source>{host} cannot be reached: {error}</source>
        <translation>无法连接 {host}：{error}</translation>
    </message>
    <message>
        <source>the address holds characters that no address may have</source>
        <translation>地址含有不允许的字符</translation>
    </message>
    <message>
        <source>a header holds a line break</source>
        <translation>头部含有换行</translation>
    </message>
    <message>
        <source>not an address</source>
        <translation>不是地址</translation>
    </message>
    <message>
        <source>the server redirects to something that is no address</source>
        <translation>服务器重定向到了不是地址的内容</translation>
    </message>
    <message>
        <source>The proxy that this machine names cannot be used.</source>
        <translation>无法使用这台机器设置的代理。</translation>
    </message>
    <message>
        <source>Only proxies whose address begins with http:// are supported.</source>
        <translation>只支持地址以 http:// 开头的代理。</translation>
    </message>
    <message>
        <source>Change the proxy setting, or name this host in NO_PROXY.</source>
        <translation>请更改代理设置，或在 NO_PROXY 中写上这个主机。</translation>
    </message>
    <message>
        <source>The proxy asks for a name and a password.</source>
        <translation>代理要求用户名和密码。</translation>
    </message>
    <message>
        <source>Put them into the proxy&apos;s address, as http://name:password@host:port.</source>
        <translation>请写进代理地址：http://用户名:密码@主机:端口。</translation>
    </message>
    <message>
        <source>the proxy answered {status}</source>
        <translation>代理回答 {status}</translation>
    </message>
    <message>
        <source>the answer is not HTTP</source>
        <translation>回答不是 HTTP</translation>
    </message>
    <message>
        <source>the answer&apos;s head makes no sense</source>
        <translation>回答的头部没有意义</translation>
    </message>
    <message>
        <source>The stored header of this model is gone.</source>
        <translation>这个模型保存的文件头已不存在。</translation>
    </message>
    <message>
        <source>The folder of cached headers was emptied or damaged.</source>
        <translation>缓存文件头的文件夹已被清空或损坏。</translation>
    </message>
    <message>
        <source>Refresh the list of files; the header will be fetched again.</source>
        <translation>请刷新文件列表，文件头会重新获取。</translation>
    </message>
    <message>
        <source>Reading a model&apos;s header</source>
        <translation>读取模型的文件头</translation>
    </message>
    <message>
        <source>no end after {deadline:.0f} seconds</source>
        <translation>{deadline:.0f} 秒内没有结束</translation>
    </message>
    <message>
        <source>This address cannot be opened.</source>
        <translation>无法打开这个地址。</translation>
    </message>
    <message>
        <source>Only http and https addresses are opened.</source>
        <translation>只能打开 http 和 https 地址。</translation>
    </message>
    <message>
        <source>Check the address.</source>
        <translation>请检查地址。</translation>
    </message>
    <message>
        <source>Check the network connection and try again.</source>
        <translation>请检查网络连接后重试。</translation>
    </message>
    <message>
        <source>The answer of {host} cannot be used.</source>
        <translation>无法使用 {host} 的回答。</translation>
    </message>
    <message>
        <source>Check the address, or try again later.</source>
        <translation>请检查地址，或稍后再试。</translation>
    </message>
    <message>
        <source>{host} does not give out this file.</source>
        <translation>{host} 不提供这个文件。</translation>
    </message>
    <message>
        <source>It does not exist, or it is private or asks for a licence to be accepted first.</source>
        <translation>文件不存在、是私有的，或需要先接受许可。</translation>
    </message>
    <message>
        <source>Check the name; for a private model, set an access token.</source>
        <translation>请检查名称；如果是私有模型，请设置访问令牌。</translation>
    </message>
    <message>
        <source>{host} does not have this file.</source>
        <translation>{host} 没有这个文件。</translation>
    </message>
    <message>
        <source>{name} is only a part of a model.</source>
        <translation>{name} 只是模型的一部分。</translation>
    </message>
    <message>
        <source>The model is split into {count} files.</source>
        <translation>这个模型分成了 {count} 个文件。</translation>
    </message>
    <message>
        <source>Open the first one, {names}, instead.</source>
        <translation>请改为打开第一个文件 {names}。</translation>
    </message>
    <message>
        <source>Missing from the folder: {shown}.</source>
        <translation>文件夹中缺少：{shown}。</translation>
    </message>
    <message>
        <source>Download the missing files into the folder of the others.</source>
        <translation>请把缺少的文件下载到其他文件所在的文件夹。</translation>
    </message>
    <message>
        <source>There is no file {path}.</source>
        <translation>文件 {path} 不存在。</translation>
    </message>
    <message>
        <source>It was moved, renamed or deleted.</source>
        <translation>它已被移动、改名或删除。</translation>
    </message>
    <message>
        <source>Open the model from where it is now.</source>
        <translation>请从模型现在的位置打开它。</translation>
    </message>
    <message>
        <source>{path} is a folder.</source>
        <translation>{path} 是文件夹。</translation>
    </message>
    <message>
        <source>A model is a file.</source>
        <translation>模型是文件。</translation>
    </message>
    <message>
        <source>Choose the .gguf file inside the folder.</source>
        <translation>请选择文件夹中的 .gguf 文件。</translation>
    </message>
    <message>
        <source>{path} is not an ordinary file.</source>
        <translation>{path} 不是普通文件。</translation>
    </message>
    <message>
        <source>The file has no content.</source>
        <translation>文件没有内容。</translation>
    </message>
    <message>
        <source>{name} was made for another kind of machine.</source>
        <translation>{name} 是为另一类机器制作的。</translation>
    </message>
    <message>
        <source>Its numbers are stored in big-endian order.</source>
        <translation>它的数字以大端序保存。</translation>
    </message>
    <message>
        <source>Get the little-endian version of the model; it is the usual one.</source>
        <translation>请获取模型的小端序版本，这是通常的版本。</translation>
    </message>
    <message>
        <source>{name} is in version {version} of the GGUF format.</source>
        <translation>{name} 采用 GGUF 格式的第 {version} 版。</translation>
    </message>
    <message>
        <source>This program reads versions 2 to {newest_version}.</source>
        <translation>本程序读取第 2 至 {newest_version} 版。</translation>
    </message>
    <message>
        <source>Update the program.</source>
        <translation>请更新程序。</translation>
    </message>
    <message>
        <source>Get a newer file.</source>
        <translation>请获取较新的文件。</translation>
    </message>
    <message>
        <source>{name} is not a GGUF model.</source>
        <translation>{name} 不是 GGUF 模型。</translation>
    </message>
    <message>
        <source>It does not begin as a GGUF file does.</source>
        <translation>它的开头不像 GGUF 文件。</translation>
    </message>
    <message>
        <source>first bytes: {start!r}</source>
        <translation>开头的字节：{start!r}</translation>
    </message>
    <message>
        <source>{name} is incomplete or damaged.</source>
        <translation>{name} 不完整或已损坏。</translation>
    </message>
    <message>
        <source>You do not have the permission to read it.</source>
        <translation>你没有读取它的权限。</translation>
    </message>
    <message>
        <source>Change the permissions of the file: {path}</source>
        <translation>请更改文件权限：{path}</translation>
    </message>
    <message>
        <source>The system reported an error while opening it.</source>
        <translation>系统在打开它时报告了错误。</translation>
    </message>
    <message>
        <source>Check the disk or the network drive that it is on.</source>
        <translation>请检查它所在的磁盘或网络驱动器。</translation>
    </message>
    <message>
        <source>{host} has been asked too often.</source>
        <translation>对 {host} 的请求过于频繁。</translation>
    </message>
    <message>
        <source>It accepts requests again in {wait} seconds.</source>
        <translation>它在 {wait} 秒后再次接受请求。</translation>
    </message>
    <message>
        <source>{host} could not answer.</source>
        <translation>{host} 无法回应。</translation>
    </message>
    <message>
        <source>It reported the error {status}.</source>
        <translation>它报告了错误 {status}。</translation>
    </message>
    <message>
        <source>{name} is written for big-endian machines.</source>
        <translation>{name} 是为大端序机器编写的。</translation>
    </message>
    <message>
        <source>llama.cpp loads only files of its own machine&apos;s byte order.</source>
        <translation>llama.cpp 只加载与本机字节序相同的文件。</translation>
    </message>
    <message>
        <source>Choose the little-endian version of this model.</source>
        <translation>请选择该模型的小端序版本。</translation>
    </message>
    <message>
        <source>{name} holds no tensors.</source>
        <translation>{name} 不含张量。</translation>
    </message>
    <message>
        <source>It is a vocabulary or a list of settings, not a model.</source>
        <translation>它是词表或设置列表，而不是模型。</translation>
    </message>
    <message>
        <source>Choose a file with weights.</source>
        <translation>请选择含有权重的文件。</translation>
    </message>
    <message>
        <source>Choose a quantization made for llama.cpp, such as Q4_K_M.</source>
        <translation>请选择为 llama.cpp 制作的量化版本，例如 Q4_K_M。</translation>
    </message>
    <message>
        <source>It uses tensor types that this program does not know ({names}).</source>
        <translation>它使用了本程序不认识的张量类型（{names}）。</translation>
    </message>
    <message>
        <source> A newer version of this program may know it.</source>
        <translation> 较新版本的程序可能认识它。</translation>
    </message>
    <message>
        <source>Its quantization ({names}) can be loaded only by ik_llama.cpp.</source>
        <translation>它的量化类型（{names}）只有 ik_llama.cpp 能加载。</translation>
    </message>
    <message>
        <source>Its quantization ({names}) was given up by llama.cpp.</source>
        <translation>它的量化类型（{names}）已被 llama.cpp 弃用。</translation>
    </message>
    <message>
        <source>{name} is not made for llama.cpp.</source>
        <translation>{name} 不是为 llama.cpp 制作的。</translation>
    </message>
    <message>
        <source>{name} is laid out in a way that llama.cpp does not load.</source>
        <translation>{name} 的布局方式无法被 llama.cpp 加载。</translation>
    </message>
    <message>
        <source>The data of tensor {name} does not follow the tensor before it.</source>
        <translation>张量 {name} 的数据没有紧接在前一个张量之后。</translation>
    </message>
    <message>
        <source>Choose another file of this model.</source>
        <translation>请选择该模型的其他文件。</translation>
    </message>
    <message>
        <source>{name} has a chat template too large to be used.</source>
        <translation>{name} 的聊天模板过大，无法使用。</translation>
    </message>
    <message>
        <source>It takes {size:,} bytes.</source>
        <translation>它占用 {size:,} 字节。</translation>
    </message>
    <message>
        <source>metadata entries</source>
        <translation>元数据条目</translation>
    </message>
    <message>
        <source>{name} is not a GGUF file.</source>
        <translation>{name} 不是 GGUF 文件。</translation>
    </message>
    <message>
        <source>It does not begin with the letters GGUF.</source>
        <translation>它不以字母 GGUF 开头。</translation>
    </message>
    <message>
        <source>The file is empty.</source>
        <translation>文件是空的。</translation>
    </message>
    <message>
        <source>Choose a file whose name ends in .gguf, or download it again.</source>
        <translation>请选择名称以 .gguf 结尾的文件，或重新下载。</translation>
    </message>
    <message>
        <source>It is written in version 1 of the format, which llama.cpp no longer reads.</source>
        <translation>它采用格式的第 1 版，llama.cpp 已不再读取。</translation>
    </message>
    <message>
        <source>Choose a newer file of this model; conversions since late 2023 will do.</source>
        <translation>请选择该模型较新的文件；2023 年底以后的转换即可。</translation>
    </message>
    <message>
        <source>It says it is version {version} of the format; versions 2 and 3 are known.</source>
        <translation>它自称是格式的第 {version} 版；已知的是第 2 和第 3 版。</translation>
    </message>
    <message>
        <source>It may be damaged, or made for a newer program. Choose another file.</source>
        <translation>它可能已损坏，或为更新的程序制作。请选择其他文件。</translation>
    </message>
    <message>
        <source>Only the first {count} characters were read.</source>
        <translation>只读取了前 {count} 个字符。</translation>
    </message>
    <message>
        <source>{name} cannot be read.</source>
        <translation>无法读取 {name}。</translation>
    </message>
    <message>
        <source>Taking it apart needs more memory than a document should.</source>
        <translation>拆解它所需的内存超出了文档应有的量。</translation>
    </message>
    <message>
        <source>Save it again from the program that it comes from, or paste the text.</source>
        <translation>请用原程序重新保存，或粘贴文本。</translation>
    </message>
    <message>
        <source>It claims {count:,} {what}; at most {limit:,} are read.</source>
        <translation>它声称有 {count:,} 个{what}；最多读取 {limit:,} 个。</translation>
    </message>
    <message>
        <source>It claims {count:,} {what}, more than fit into the file.</source>
        <translation>它声称有 {count:,} 个{what}，超出了文件所能容纳的数量。</translation>
    </message>
    <message>
        <source>The key {key} appears twice.</source>
        <translation>键 {key} 出现了两次。</translation>
    </message>
    <message>
        <source>The value of {key} has the unknown type {type_id}.</source>
        <translation>{key} 的值的类型 {type_id} 未知。</translation>
    </message>
    <message>
        <source>{key} is an array of arrays, which llama.cpp does not read.</source>
        <translation>{key} 是数组的数组，llama.cpp 不读取。</translation>
    </message>
    <message>
        <source>The array {key} has the unknown element type {type_id}.</source>
        <translation>数组 {key} 的元素类型 {type_id} 未知。</translation>
    </message>
    <message>
        <source>It lists more than {max_strings:,} texts.</source>
        <translation>它列出了超过 {max_strings:,} 条文本。</translation>
    </message>
    <message>
        <source>Its general.alignment is not a 32-bit number.</source>
        <translation>它的 general.alignment 不是 32 位数。</translation>
    </message>
    <message>
        <source>Its alignment, {alignment:,}, is not a usable power of two.</source>
        <translation>它的对齐值 {alignment:,} 不是可用的 2 的幂。</translation>
    </message>
    <message>
        <source>tensor name</source>
        <translation>张量名称</translation>
    </message>
    <message>
        <source>The tensor {name} appears twice.</source>
        <translation>张量 {name} 出现了两次。</translation>
    </message>
    <message>
        <source>The tensor {name} has {dimensions:,} dimensions; at most {max_dimensions} are possible.</source>
        <translation>张量 {name} 有 {dimensions:,} 个维度；最多 {max_dimensions} 个。</translation>
    </message>
    <message>
        <source>The tensor {name} claims more elements than any file holds.</source>
        <translation>张量 {name} 声称的元素多于任何文件所能容纳的数量。</translation>
    </message>
    <message>
        <source>The tensor {name} does not fit its type {name2}: {error}.</source>
        <translation>张量 {name} 与它的类型 {name2} 不符：{error}。</translation>
    </message>
    <message>
        <source>The data of tensor {name} is not aligned.</source>
        <translation>张量 {name} 的数据没有对齐。</translation>
    </message>
    <message>
        <source>The data of tensor {name} overlaps another&apos;s.</source>
        <translation>张量 {name} 的数据与另一个张量重叠。</translation>
    </message>
    <message>
        <source>It has a {what} of {length:,} bytes.</source>
        <translation>它有一个长 {length:,} 字节的{what}。</translation>
    </message>
    <message>
        <source>It has a {what} that is not text.</source>
        <translation>它有一个不是文本的{what}。</translation>
    </message>
    <message>
        <source>It has a {what} with invisible characters: {name!a}.</source>
        <translation>它有一个含不可见字符的{what}：{name!a}。</translation>
    </message>
    <message>
        <source>The array {key} is longer than the file.</source>
        <translation>数组 {key} 比文件还长。</translation>
    </message>
    <message>
        <source>{name} is not complete.</source>
        <translation>{name} 不完整。</translation>
    </message>
    <message>
        <source>Its tensors need {end:,} bytes, and the file has {total:,}.</source>
        <translation>它的张量需要 {end:,} 字节，而文件只有 {total:,} 字节。</translation>
    </message>
    <message>
        <source>Download it again; an interrupted download leaves such a file.</source>
        <translation>请重新下载；中断的下载会留下这样的文件。</translation>
    </message>
    <message>
        <source>{name} is damaged, or not a model file that can be read safely.</source>
        <translation>{name} 已损坏，或不是可以安全读取的模型文件。</translation>
    </message>
    <message>
        <source>Download it again, or choose another file.</source>
        <translation>请重新下载，或选择其他文件。</translation>
    </message>
    <message>
        <source>{name} has changed since it was read.</source>
        <translation>{name} 在读取之后发生了变化。</translation>
    </message>
    <message>
        <source>It is shorter than before.</source>
        <translation>它比之前短。</translation>
    </message>
    <message>
        <source>Choose the file again.</source>
        <translation>请重新选择文件。</translation>
    </message>
    <message>
        <source>{name} is not a file.</source>
        <translation>{name} 不是文件。</translation>
    </message>
    <message>
        <source>It is a folder or a device.</source>
        <translation>它是文件夹或设备。</translation>
    </message>
    <message>
        <source>Choose a model file; its name ends in .gguf.</source>
        <translation>请选择模型文件，其名称以 .gguf 结尾。</translation>
    </message>
    <message>
        <source>{name} does not exist.</source>
        <translation>{name} 不存在。</translation>
    </message>
    <message>
        <source>There is no such file in {parent}.</source>
        <translation>{parent} 中没有这个文件。</translation>
    </message>
    <message>
        <source>Choose the file again; it may have been moved or deleted.</source>
        <translation>请重新选择文件；它可能已被移动或删除。</translation>
    </message>
    <message>
        <source>{name} cannot be opened.</source>
        <translation>无法打开 {name}。</translation>
    </message>
    <message>
        <source>This user has no permission to read it.</source>
        <translation>当前用户没有读取它的权限。</translation>
    </message>
    <message>
        <source>Change its permissions, or copy it to a folder of your own.</source>
        <translation>请更改权限，或将它复制到自己的文件夹。</translation>
    </message>
    <message>
        <source>The system says: {strerror}.</source>
        <translation>系统提示：{strerror}。</translation>
    </message>
    <message>
        <source>Check the disk or the network folder it lies on.</source>
        <translation>请检查它所在的磁盘或网络文件夹。</translation>
    </message>
    <message>
        <source>{name} has changed on the server.</source>
        <translation>{name} 在服务器上发生了变化。</translation>
    </message>
    <message>
        <source>It was replaced by another version just now.</source>
        <translation>它刚刚被另一个版本替换。</translation>
    </message>
    <message>
        <source>Refresh the list of files and try again.</source>
        <translation>请刷新文件列表后重试。</translation>
    </message>
    <message>
        <source>Its {key} has the wrong type, {type}.</source>
        <translation>它的 {key} 类型不对：{type}。</translation>
    </message>
    <message>
        <source>It claims to be one of {count} files.</source>
        <translation>它声称是 {count} 个文件之一。</translation>
    </message>
    <message>
        <source>{name} is one of {count} files of a model, but is not named like one.</source>
        <translation>{name} 是模型的 {count} 个文件之一，但名称不符合规则。</translation>
    </message>
    <message>
        <source>The other files are found by their names, which end in -00001-of-{count:05d}.gguf and so on.</source>
        <translation>其余文件靠名称查找，名称以 -00001-of-{count:05d}.gguf 等结尾。</translation>
    </message>
    <message>
        <source>Give the files back the names they were downloaded with.</source>
        <translation>请恢复下载时的文件名。</translation>
    </message>
    <message>
        <source> and more</source>
        <translation> 等</translation>
    </message>
    <message>
        <source>{missing} of the {count} files of this model are missing.</source>
        <translation>这个模型的 {count} 个文件中缺少 {missing} 个。</translation>
    </message>
    <message>
        <source>Not found: {shown}.</source>
        <translation>未找到：{shown}。</translation>
    </message>
    <message>
        <source>Download the missing files and put them all into one folder.</source>
        <translation>请下载缺少的文件，并全部放进同一个文件夹。</translation>
    </message>
    <message>
        <source>It repeats the tensor {name} of another file.</source>
        <translation>它重复了另一个文件中的张量 {name}。</translation>
    </message>
    <message>
        <source>The model has more than {max_tensors:,} tensors.</source>
        <translation>模型的张量超过 {max_tensors:,} 个。</translation>
    </message>
    <message>
        <source>It promises {expected} tensors, and the files hold {tensors}.</source>
        <translation>它声明有 {expected} 个张量，文件中有 {tensors} 个。</translation>
    </message>
    <message>
        <source>It does not say that it is one of {count} files.</source>
        <translation>它没有说明自己是 {count} 个文件之一。</translation>
    </message>
    <message>
        <source>no number at all</source>
        <translation>没有编号</translation>
    </message>
    <message>
        <source>By its name it is file {index}, inside it says {said}.</source>
        <translation>按名称它是第 {index} 个文件，文件内却写着 {said}。</translation>
    </message>
    <message>
        <source>It belongs to a model of the architecture {architecture}.</source>
        <translation>它属于架构为 {architecture} 的模型。</translation>
    </message>
    <message>
        <source>It is written in another version of the format.</source>
        <translation>它采用格式的另一个版本。</translation>
    </message>
    <message>
        <source>{name} does not belong to the files beside it.</source>
        <translation>{name} 不属于旁边的那些文件。</translation>
    </message>
    <message>
        <source>Download all files of one quantization again into one folder.</source>
        <translation>请将同一量化版本的所有文件重新下载到一个文件夹。</translation>
    </message>
    <message>
        <source>{name} does not describe a language model that can be run.</source>
        <translation>{name} 描述的不是可以运行的语言模型。</translation>
    </message>
    <message>
        <source>In its header, {details}.</source>
        <translation>在它的文件头中，{details}。</translation>
    </message>
    <message>
        <source>Choose another file, or download this one again.</source>
        <translation>请选择其他文件，或重新下载这个文件。</translation>
    </message>
    <message>
        <source>architecture: {architecture}</source>
        <translation>架构：{architecture}</translation>
    </message>
    <message>
        <source>The vocabulary of {name} is damaged.</source>
        <translation>{name} 的词表已损坏。</translation>
    </message>
    <message>
        <source>It has {count:,} tokens and {listed:,} token types.</source>
        <translation>它有 {count:,} 个 token，却列出了 {listed:,} 个 token 类型。</translation>
    </message>
    <message>
        <source>Its token types are not 32-bit numbers.</source>
        <translation>它的 token 类型不是 32 位数。</translation>
    </message>
    <message>
        <source>Download the file again, or choose another one.</source>
        <translation>请重新下载文件，或选择其他文件。</translation>
    </message>
    <message>
        <source>{name} has a header too large to be read.</source>
        <translation>{name} 的文件头过大，无法读取。</translation>
    </message>
    <message>
        <source>Headers of model files take some ten million bytes; this one goes on beyond {max_header_bytes:,}.</source>
        <translation>模型文件的文件头约一千万字节；这个超过了 {max_header_bytes:,} 字节。</translation>
    </message>
    <message>
        <source>{name} is a folder.</source>
        <translation>{name} 是文件夹。</translation>
    </message>
    <message>
        <source>Files are added one by one.</source>
        <translation>文件需要逐个添加。</translation>
    </message>
    <message>
        <source>Choose the files in it.</source>
        <translation>请选择其中的文件。</translation>
    </message>
    <message>
        <source>{name} is not a file that can be read.</source>
        <translation>{name} 不是可以读取的文件。</translation>
    </message>
    <message>
        <source>Choose another one.</source>
        <translation>请选择其他文件。</translation>
    </message>
    <message>
        <source>{name} is too large: {size}.</source>
        <translation>{name} 过大：{size}。</translation>
    </message>
    <message>
        <source>At most {limit} are read, which is far more than any model takes in.</source>
        <translation>最多读取 {limit}，已远超任何模型所能接收的量。</translation>
    </message>
    <message>
        <source>Save the part that matters as a file of its own, and add that.</source>
        <translation>请将重要的部分另存为文件再添加。</translation>
    </message>
    <message>
        <source>Choose another file.</source>
        <translation>请选择其他文件。</translation>
    </message>
    <message>
        <source>{name} is empty.</source>
        <translation>{name} 是空的。</translation>
    </message>
    <message>
        <source>It is not there any more.</source>
        <translation>它已不存在。</translation>
    </message>
    <message>
        <source>Look where it has gone, and add it again.</source>
        <translation>请找到它的新位置，然后重新添加。</translation>
    </message>
    <message>
        <source>You may not read it, or another program keeps it locked.</source>
        <translation>你没有读取权限，或另一个程序锁定了它。</translation>
    </message>
    <message>
        <source>Close it there or change its permissions, and add it again.</source>
        <translation>请在那里关闭它或更改权限，然后重新添加。</translation>
    </message>
    <message>
        <source>The disk or drive reported an error.</source>
        <translation>磁盘或驱动器报告了错误。</translation>
    </message>
    <message>
        <source>Check the drive, and try again.</source>
        <translation>请检查驱动器后重试。</translation>
    </message>
    <message>
        <source>It ends in the middle of its header.</source>
        <translation>它在文件头中间就结束了。</translation>
    </message>
    <message>
        <source>file size: {total:,} bytes</source>
        <translation>文件大小：{total:,} 字节</translation>
    </message>
    <message>
        <source>The trial load of this model could not be prepared.</source>
        <translation>无法准备这个模型的试加载。</translation>
    </message>
    <message>
        <source>Writing {name} failed: {strerror}.</source>
        <translation>写入 {name} 失败：{strerror}。</translation>
    </message>
    <message>
        <source>Make some room on this disk. File systems such as FAT32 cannot hold such files.</source>
        <translation>请在此磁盘上腾出空间。FAT32 之类的文件系统无法存放这种文件。</translation>
    </message>
    <message>
        <source>It is not a machine description.</source>
        <translation>这不是机器描述文件。</translation>
    </message>
    <message>
        <source>It does not say which version of the format it is.</source>
        <translation>其中没有写明格式版本。</translation>
    </message>
    <message>
        <source>A newer version of the program wrote it.</source>
        <translation>它由更新版本的程序写成。</translation>
    </message>
    <message>
        <source>A value does not make sense: {error}.</source>
        <translation>有一个值不合理：{error}。</translation>
    </message>
    <message>
        <source>It is far too large for a machine description.</source>
        <translation>对机器描述来说它太大了。</translation>
    </message>
    <message>
        <source>The machine file {name} cannot be read.</source>
        <translation>无法读取机器文件 {name}。</translation>
    </message>
    <message>
        <source>Check the path.</source>
        <translation>请检查路径。</translation>
    </message>
    <message>
        <source>It is not text.</source>
        <translation>这不是文本。</translation>
    </message>
    <message>
        <source>It is not valid JSON.</source>
        <translation>这不是有效的 JSON。</translation>
    </message>
    <message>
        <source>{where} is not an object</source>
        <translation>{where} 不是对象</translation>
    </message>
    <message>
        <source>{place} is missing</source>
        <translation>缺少 {place}</translation>
    </message>
    <message>
        <source>{where} is not a list</source>
        <translation>{where} 不是列表</translation>
    </message>
    <message>
        <source>{where} has too many entries</source>
        <translation>{where} 的条目过多</translation>
    </message>
    <message>
        <source>{where} has {value} entries instead of {arms}</source>
        <translation>{where} 有 {value} 个条目，而不是 {arms} 个</translation>
    </message>
    <message>
        <source>{where} is not one of {value}</source>
        <translation>{where} 不是 {value} 之一</translation>
    </message>
    <message>
        <source>{where} is not true or false</source>
        <translation>{where} 不是真或假</translation>
    </message>
    <message>
        <source>{where} is not plain text</source>
        <translation>{where} 不是纯文本</translation>
    </message>
    <message>
        <source>{where} is not a number</source>
        <translation>{where} 不是数字</translation>
    </message>
    <message>
        <source>{where} is not a whole number</source>
        <translation>{where} 不是整数</translation>
    </message>
    <message>
        <source>{where} is out of range</source>
        <translation>{where} 超出范围</translation>
    </message>
    <message>
        <source>{place} is 0; leave out what is unknown</source>
        <translation>{place} 是 0；未知的值请省略</translation>
    </message>
    <message>
        <source>{place} is more than the total</source>
        <translation>{place} 大于总量</translation>
    </message>
    <message>
        <source>The machine file {file} cannot be used.</source>
        <translation>无法使用机器文件 {file}。</translation>
    </message>
    <message>
        <source>This is no usable machine.</source>
        <translation>这不是可用的机器。</translation>
    </message>
    <message>
        <source>Write one with `glm-launcher hardware --json`.</source>
        <translation>请用 `glm-launcher hardware --json` 生成一个。</translation>
    </message>
    <message>
        <source>Not a Mac.</source>
        <translation>不是 Mac。</translation>
    </message>
    <message>
        <source>Not Windows.</source>
        <translation>不是 Windows。</translation>
    </message>
    <message>
        <source>macOS has no NVIDIA driver.</source>
        <translation>macOS 没有 NVIDIA 驱动。</translation>
    </message>
    <message>
        <source>The answer is not readable: {error}</source>
        <translation>回答无法读取：{error}</translation>
    </message>
    <message>
        <source>firmware (SMBIOS)</source>
        <translation>固件（SMBIOS）</translation>
    </message>
    <message>
        <source>shared with the GPU ({name})</source>
        <translation>与 GPU 共用（{name}）</translation>
    </message>
    <message>
        <source>shared with the GPU</source>
        <translation>与 GPU 共用</translation>
    </message>
    <message>
        <source>Start it with `--gpus all` and NVIDIA_DRIVER_CAPABILITIES=compute,utility (NVIDIA Container Toolkit).</source>
        <translation>请用 `--gpus all` 和 NVIDIA_DRIVER_CAPABILITIES=compute,utility 启动它（NVIDIA Container Toolkit）。</translation>
    </message>
    <message>
        <source>The NVIDIA driver was updated, but the computer was not restarted since.</source>
        <translation>NVIDIA 驱动已更新，但之后没有重启电脑。</translation>
    </message>
    <message>
        <source>The new driver&apos;s libraries do not work with the old one that still runs in the kernel, so no program can begin to use the GPU.</source>
        <translation>新驱动的库无法与内核中仍在运行的旧驱动配合，因此没有程序能开始使用 GPU。</translation>
    </message>
    <message>
        <source>Restart the computer.</source>
        <translation>请重启电脑。</translation>
    </message>
    <message>
        <source>The NVIDIA GPU runs with the driver nouveau, which cannot compute.</source>
        <translation>NVIDIA GPU 使用的是 nouveau 驱动，它不能用于计算。</translation>
    </message>
    <message>
        <source>NVIDIA&apos;s own driver is not installed or not chosen.</source>
        <translation>NVIDIA 官方驱动没有安装或没有选用。</translation>
    </message>
    <message>
        <source>Install NVIDIA&apos;s driver with the system&apos;s package manager, then restart the computer.</source>
        <translation>请用系统的软件包管理器安装 NVIDIA 驱动，然后重启电脑。</translation>
    </message>
    <message>
        <source>An NVIDIA GPU is set aside for virtual machines (vfio-pci).</source>
        <translation>一块 NVIDIA GPU 被留给了虚拟机（vfio-pci）。</translation>
    </message>
    <message>
        <source>To use it here, give it back to NVIDIA&apos;s driver.</source>
        <translation>要在这里使用，请把它交还给 NVIDIA 驱动。</translation>
    </message>
    <message>
        <source>The engine uses the NVIDIA GPU, but its figures (memory in use, clocks) cannot be read.</source>
        <translation>引擎可以使用 NVIDIA GPU，但无法读取它的数据（已用显存、频率）。</translation>
    </message>
    <message>
        <source>An NVIDIA driver is installed, but it finds no GPU.</source>
        <translation>已安装 NVIDIA 驱动，但没有找到 GPU。</translation>
    </message>
    <message>
        <source>An external GPU may be unplugged, or all are set aside for virtual machines.</source>
        <translation>外置 GPU 可能被拔出，或全部被留给了虚拟机。</translation>
    </message>
    <message>
        <source>The NVIDIA driver is installed, but not loaded.</source>
        <translation>已安装 NVIDIA 驱动，但没有加载。</translation>
    </message>
    <message>
        <source>After a kernel update the driver has to be built again; Secure Boot refuses one that is not signed.</source>
        <translation>内核更新后需要重新构建驱动；Secure Boot 会拒绝未签名的驱动。</translation>
    </message>
    <message>
        <source>Run `sudo modprobe nvidia` and read what it says; else install the driver again and restart the computer.</source>
        <translation>请运行 `sudo modprobe nvidia` 并查看输出；否则请重新安装驱动并重启电脑。</translation>
    </message>
    <message>
        <source>This container may not use the NVIDIA GPU (any more).</source>
        <translation>这个容器（已）不能使用 NVIDIA GPU。</translation>
    </message>
    <message>
        <source>The device files are missing or were withdrawn; `systemctl daemon-reload` on the host does that to running containers.</source>
        <translation>设备文件缺失或已被收回；在宿主机上执行 `systemctl daemon-reload` 会对运行中的容器造成这种情况。</translation>
    </message>
    <message>
        <source>Restart the container. {container_flags}</source>
        <translation>请重启容器。{container_flags}</translation>
    </message>
    <message>
        <source>The NVIDIA driver does not work.</source>
        <translation>NVIDIA 驱动无法工作。</translation>
    </message>
    <message>
        <source>Restart the computer; if it stays, install the driver again.</source>
        <translation>请重启电脑；如果仍然如此，请重新安装驱动。</translation>
    </message>
    <message>
        <source>This user may not use the NVIDIA GPU.</source>
        <translation>当前用户不能使用 NVIDIA GPU。</translation>
    </message>
    <message>
        <source>The device files /dev/nvidia* cannot be opened.</source>
        <translation>无法打开设备文件 /dev/nvidia*。</translation>
    </message>
    <message>
        <source>Add the user to the groups video and render: `sudo usermod -aG video,render $USER`, then log in again.</source>
        <translation>请将用户加入 video 和 render 组：`sudo usermod -aG video,render $USER`，然后重新登录。</translation>
    </message>
    <message>
        <source>does not answer; it was given up after 5 seconds</source>
        <translation>没有回应；5 秒后放弃</translation>
    </message>
    <message>
        <source>crashes when asked</source>
        <translation>一询问就崩溃</translation>
    </message>
    <message>
        <source>The NVIDIA driver {what}.</source>
        <translation>NVIDIA 驱动{what}。</translation>
    </message>
    <message>
        <source>A GPU that has fallen off the bus or a driver update under way does that.</source>
        <translation>GPU 从总线上掉线或驱动正在更新时会这样。</translation>
    </message>
    <message>
        <source>WSL shows no NVIDIA GPU to Linux.</source>
        <translation>WSL 没有向 Linux 提供 NVIDIA GPU。</translation>
    </message>
    <message>
        <source>The driver&apos;s library in /usr/lib/wsl/lib comes from the Windows driver.</source>
        <translation>/usr/lib/wsl/lib 中的驱动库来自 Windows 驱动。</translation>
    </message>
    <message>
        <source>If this computer has an NVIDIA GPU: install the driver in Windows (never inside WSL) and run `wsl --update`, then `wsl --shutdown`.</source>
        <translation>如果这台电脑有 NVIDIA GPU：请在 Windows 中安装驱动（绝不要在 WSL 内安装），然后运行 `wsl --update` 和 `wsl --shutdown`。</translation>
    </message>
    <message>
        <source>The host has an NVIDIA GPU, but this container does not have its driver libraries.</source>
        <translation>宿主机有 NVIDIA GPU，但这个容器没有它的驱动库。</translation>
    </message>
    <message>
        <source>This computer has an NVIDIA GPU, but no NVIDIA driver.</source>
        <translation>这台电脑有 NVIDIA GPU，但没有 NVIDIA 驱动。</translation>
    </message>
    <message>
        <source>Install NVIDIA&apos;s driver (version 570 or later), then restart the computer.</source>
        <translation>请安装 NVIDIA 驱动（570 或更高版本），然后重启电脑。</translation>
    </message>
    <message>
        <source>The NVIDIA GPU&apos;s memory cannot be read.</source>
        <translation>无法读取 NVIDIA GPU 的显存。</translation>
    </message>
    <message>
        <source>The Python package nvidia-ml-py is missing, too old, or hidden by another pynvml.</source>
        <translation>Python 包 nvidia-ml-py 缺失、过旧，或被另一个 pynvml 遮盖。</translation>
    </message>
    <message>
        <source>Run `python3 launch.py` once: it completes the program&apos;s environment.</source>
        <translation>请运行一次 `python3 launch.py`：它会补全程序的环境。</translation>
    </message>
    <message>
        <source>The engine that runs the models is not installed.</source>
        <translation>运行模型的引擎没有安装。</translation>
    </message>
    <message>
        <source>The engine uses only some of this computer&apos;s GPUs; it does not use {names}.</source>
        <translation>引擎只使用这台电脑的部分 GPU；它没有使用 {names}。</translation>
    </message>
    <message>
        <source>This computer has {names}, but the engine cannot use it.</source>
        <translation>这台电脑有 {names}，但引擎无法使用它。</translation>
    </message>
    <message>
        <source>This computer has {names}, but the engine cannot use them.</source>
        <translation>这台电脑有 {names}，但引擎无法使用它们。</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>无</translation>
    </message>
    <message>
        <source>The installed engine computes with {built} only, so models run far slower.</source>
        <translation>已安装的引擎只用 {built} 计算，因此模型运行得慢得多。</translation>
    </message>
    <message>
        <source>does not answer</source>
        <translation>没有回应</translation>
    </message>
    <message>
        <source>crashes</source>
        <translation>会崩溃</translation>
    </message>
    <message>
        <source>does not work</source>
        <translation>无法工作</translation>
    </message>
    <message>
        <source>The engine {how} when it is asked for its devices.</source>
        <translation>询问设备时引擎{how}。</translation>
    </message>
    <message>
        <source>A GPU driver that does not fit is the usual cause.</source>
        <translation>通常的原因是 GPU 驱动不匹配。</translation>
    </message>
    <message>
        <source>Restart the computer. If that does not help, run `{launch} cpu`.</source>
        <translation>请重启电脑。如果没有帮助，请运行 `{launch} cpu`。</translation>
    </message>
    <message>
        <source>{launch} cpu</source>
        <translation>{launch} cpu</translation>
    </message>
    <message>
        <source>an {vendor} GPU</source>
        <translation>一块 {vendor} GPU</translation>
    </message>
    <message>
        <source>{names} and {last}</source>
        <translation>{names} 和 {last}</translation>
    </message>
    <message>
        <source>Run `{command}` and start the program again. {need}</source>
        <translation>请运行 `{command}`，然后重新启动程序。{need}</translation>
    </message>
    <message>
        <source>It needs a C++ compiler.</source>
        <translation>需要 C++ 编译器。</translation>
    </message>
    <message>
        <source>It drives GPUs of different makers together.</source>
        <translation>它能同时驱动不同厂商的 GPU。</translation>
    </message>
    <message>
        <source>{launch} metal</source>
        <translation>{launch} metal</translation>
    </message>
    <message>
        <source>It needs Apple&apos;s command line tools: `xcode-select --install`.</source>
        <translation>需要 Apple 的命令行工具：`xcode-select --install`。</translation>
    </message>
    <message>
        <source>{launch} rocm</source>
        <translation>{launch} rocm</translation>
    </message>
    <message>
        <source>It needs AMD&apos;s ROCm 6.1 or later with the HIP compiler (hipcc).</source>
        <translation>需要 AMD ROCm 6.1 或更高版本及 HIP 编译器（hipcc）。</translation>
    </message>
    <message>
        <source>With ROCm and its HIP compiler installed, `--engine rocm` works as well.</source>
        <translation>安装了 ROCm 及其 HIP 编译器后，`--engine rocm` 也可以使用。</translation>
    </message>
    <message>
        <source>It needs the Vulkan headers and the shader compiler glslc (Debian and Ubuntu: libvulkan-dev and glslc; Windows: the Vulkan SDK).</source>
        <translation>需要 Vulkan 头文件和着色器编译器 glslc（Debian 和 Ubuntu：libvulkan-dev 和 glslc；Windows：Vulkan SDK）。</translation>
    </message>
    <message>
        <source>{launch} vulkan</source>
        <translation>{launch} vulkan</translation>
    </message>
    <message>
        <source>The GPU is too old for CUDA 12.</source>
        <translation>这块 GPU 对 CUDA 12 来说太旧。</translation>
    </message>
    <message>
        <source>version {oldest} to {newest}</source>
        <translation>{oldest} 至 {newest} 版</translation>
    </message>
    <message>
        <source>version {oldest} or later</source>
        <translation>{oldest} 或更高版本</translation>
    </message>
    <message>
        <source>It needs NVIDIA&apos;s CUDA toolkit (nvcc), {toolkit}, no newer than the driver allows.</source>
        <translation>需要 NVIDIA CUDA 工具包（nvcc），{toolkit}，且不高于驱动允许的版本。</translation>
    </message>
    <message>
        <source> CUDA 13 no longer builds for this GPU.</source>
        <translation> CUDA 13 不再支持为这块 GPU 构建。</translation>
    </message>
    <message>
        <source>{launch} cuda</source>
        <translation>{launch} cuda</translation>
    </message>
    <message>
        <source>{need} The driver must be {driver_for_cuda} or later.</source>
        <translation>{need}驱动必须是 {driver_for_cuda} 或更高版本。</translation>
    </message>
    <message>
        <source>The driver {driver} runs CUDA {runs} at most: update it to {driver_for_cuda} or later first.</source>
        <translation>驱动 {driver} 最高支持 CUDA {runs}：请先更新到 {driver_for_cuda} 或更高版本。</translation>
    </message>
    <message>
        <source>{need} The driver here runs CUDA up to {runs}.</source>
        <translation>{need}这里的驱动最高支持 CUDA {runs}。</translation>
    </message>
    <message>
        <source>{name} is set to &quot;{value}&quot;.</source>
        <translation>{name} 设为 &quot;{value}&quot;。</translation>
    </message>
    <message>
        <source>Start the program without {names} to use them.</source>
        <translation>启动程序时不设置 {names} 即可使用它们。</translation>
    </message>
    <message>
        <source>An environment variable hides every {vendor} GPU from the engine.</source>
        <translation>一个环境变量让引擎看不到任何 {vendor} GPU。</translation>
    </message>
    <message>
        <source>An environment variable hides {hidden} of {cards} {vendor} GPUs.</source>
        <translation>一个环境变量隐藏了 {cards} 块 {vendor} GPU 中的 {hidden} 块。</translation>
    </message>
    <message>
        <source>{vendor} GPU {index}</source>
        <translation>{vendor} GPU {index}</translation>
    </message>
    <message>
        <source>Restart the computer; check the card&apos;s power and seat, or plug it in again.</source>
        <translation>请重启电脑；检查显卡的供电和插槽，或重新插上。</translation>
    </message>
    <message>
        <source>{name} is lost.</source>
        <translation>{name} 已掉线。</translation>
    </message>
    <message>
        <source>{name} needs a reset.</source>
        <translation>{name} 需要复位。</translation>
    </message>
    <message>
        <source>The other GPUs are used without it.</source>
        <translation>其他 GPU 会在没有它的情况下使用。</translation>
    </message>
    <message>
        <source>{name} cannot be used.</source>
        <translation>无法使用 {name}。</translation>
    </message>
    <message>
        <source>Install the driver for it.</source>
        <translation>请安装它的驱动。</translation>
    </message>
    <message>
        <source>{name} has no driver.</source>
        <translation>{name} 没有驱动。</translation>
    </message>
    <message>
        <source>up to {total}</source>
        <translation>最多 {total}</translation>
    </message>
    <message>
        <source>an unknown part</source>
        <translation>一部分（大小未知）</translation>
    </message>
    <message>
        <source>{name} shares the system&apos;s memory: {size} of it.</source>
        <translation>{name} 与系统共享内存：其中 {size}。</translation>
    </message>
    <message>
        <source>It is counted once, not twice.</source>
        <translation>只计算一次，不重复计算。</translation>
    </message>
    <message>
        <source>The memory of {name} is unknown.</source>
        <translation>{name} 的显存未知。</translation>
    </message>
    <message>
        <source>{name} is cut into MIG slices, and none of them is available here.</source>
        <translation>{name} 被切分为 MIG 实例，但这里没有可用的实例。</translation>
    </message>
    <message>
        <source>Name one in {variable}, or turn MIG off.</source>
        <translation>请在 {variable} 中指定一个，或关闭 MIG。</translation>
    </message>
    <message>
        <source>unknown size</source>
        <translation>大小未知</translation>
    </message>
    <message>
        <source>{name} is cut into slices; this program works on one of {size}.</source>
        <translation>{name} 被切分为实例；本程序使用其中一个，大小 {size}。</translation>
    </message>
    <message>
        <source>CUDA gives a process one MIG slice.</source>
        <translation>CUDA 只给一个进程一个 MIG 实例。</translation>
    </message>
    <message>
        <source>This container may use {limit} of {total} of memory.</source>
        <translation>这个容器可以使用 {total} 内存中的 {limit}。</translation>
    </message>
    <message>
        <source>The limit comes from {source}.</source>
        <translation>限制来自 {source}。</translation>
    </message>
    <message>
        <source>Some questions about this computer were given up: {value}.</source>
        <translation>关于这台电脑的一些询问被放弃了：{value}。</translation>
    </message>
    <message>
        <source>They took longer than 5 seconds.</source>
        <translation>它们用时超过 5 秒。</translation>
    </message>
    <message>
        <source>No GPU was found: models run on the processor.</source>
        <translation>没有找到 GPU：模型在处理器上运行。</translation>
    </message>
    <message>
        <source>{name} holds no model.</source>
        <translation>{name} 中没有模型。</translation>
    </message>
    <message>
        <source>{name} is no model file.</source>
        <translation>{name} 不是模型文件。</translation>
    </message>
    <message>
        <source>Models are files whose name ends in .gguf.</source>
        <translation>模型是名称以 .gguf 结尾的文件。</translation>
    </message>
    <message>
        <source>Drop such a file, all its shards, or the folder that they are in.</source>
        <translation>请拖放这样的文件、它的所有分片，或它们所在的文件夹。</translation>
    </message>
    <message>
        <source>Its name does not end in .gguf.</source>
        <translation>它的名称不以 .gguf 结尾。</translation>
    </message>
    <message>
        <source>Choose another.</source>
        <translation>请选择其他文件。</translation>
    </message>
    <message>
        <source>Its verification found damage in {files}.</source>
        <translation>校验时发现 {files} 已损坏。</translation>
    </message>
    <message>
        <source>{title} is loaded and cannot be {what} now.</source>
        <translation>{title} 已加载，现在不能{what}。</translation>
    </message>
    <message>
        <source>Unload it or open another model first.</source>
        <translation>请先卸载它或打开另一个模型。</translation>
    </message>
    <message>
        <source>{name} is gone.</source>
        <translation>{name} 已不存在。</translation>
    </message>
    <message>
        <source>Look for models again.</source>
        <translation>请重新查找模型。</translation>
    </message>
    <message>
        <source>Its download has not been finished.</source>
        <translation>它的下载没有完成。</translation>
    </message>
    <message>
        <source>The download of {done} of its {count} files has not been finished.</source>
        <translation>{count} 个文件中 {done} 个的下载没有完成。</translation>
    </message>
    <message>
        <source>{missing} of its {count} files {verb} missing: {shown}.</source>
        <translation>{count} 个文件中缺少 {missing} 个（{verb}）：{shown}。</translation>
    </message>
    <message>
        <source> and {candidates} more</source>
        <translation> 以及另外 {candidates} 个</translation>
    </message>
    <message>
        <source>No model is called {text}.</source>
        <translation>没有名为 {text} 的模型。</translation>
    </message>
    <message>
        <source>There is no model on this computer that the program can find.</source>
        <translation>程序在这台电脑上找不到任何模型。</translation>
    </message>
    <message>
        <source>“glm-launcher download” gets one.</source>
        <translation>“glm-launcher download” 可以下载一个。</translation>
    </message>
    <message>
        <source>{text} may be any of several models.</source>
        <translation>{text} 可能指多个模型。</translation>
    </message>
    <message>
        <source>They are: {shown}{more}.</source>
        <translation>它们是：{shown}{more}。</translation>
    </message>
    <message>
        <source>There are: {shown}{more}.</source>
        <translation>现有：{shown}{more}。</translation>
    </message>
    <message>
        <source>The downloads do not stop.</source>
        <translation>下载没有停止。</translation>
    </message>
    <message>
        <source>Pause them, then move the models.</source>
        <translation>请先暂停下载，再移动模型。</translation>
    </message>
    <message>
        <source>{title} cannot go into a Hugging Face cache.</source>
        <translation>{title} 不能放进 Hugging Face 缓存。</translation>
    </message>
    <message>
        <source>Nothing tells which version of its repository it is.</source>
        <translation>没有信息说明它是仓库的哪个版本。</translation>
    </message>
    <message>
        <source>Choose a folder, or download it again.</source>
        <translation>请选择文件夹，或重新下载。</translation>
    </message>
    <message>
        <source>{title} could not be moved.</source>
        <translation>无法移动 {title}。</translation>
    </message>
    <message>
        <source>The disk of the new place is full.</source>
        <translation>新位置的磁盘已满。</translation>
    </message>
    <message>
        <source>Make room there, then go on. Nothing is lost.</source>
        <translation>请在那里腾出空间，然后继续。没有丢失任何内容。</translation>
    </message>
    <message>
        <source>Check the folder {folder} and its disk. Nothing is lost.</source>
        <translation>请检查文件夹 {folder} 及其磁盘。没有丢失任何内容。</translation>
    </message>
    <message>
        <source>Confirm that the files shall go.</source>
        <translation>请确认要删除这些文件。</translation>
    </message>
    <message>
        <source>{title} could not be deleted completely.</source>
        <translation>无法完全删除 {title}。</translation>
    </message>
    <message>
        <source>Close programs that use the files and check the folder&apos;s rights, then try again.</source>
        <translation>请关闭使用这些文件的程序，检查文件夹权限，然后重试。</translation>
    </message>
    <message>
        <source>{title} is being downloaded.</source>
        <translation>{title} 正在下载。</translation>
    </message>
    <message>
        <source>Cancel the download instead; that removes what has come.</source>
        <translation>请改为取消下载；这会删除已下载的部分。</translation>
    </message>
    <message>
        <source>The files cannot be moved to the trash.</source>
        <translation>无法将文件移到回收站。</translation>
    </message>
    <message>
        <source>There is no trash on their disk, or it has no room for them.</source>
        <translation>它们所在的磁盘没有回收站，或回收站空间不足。</translation>
    </message>
    <message>
        <source> Some of the files are in it already.</source>
        <translation> 部分文件已在回收站中。</translation>
    </message>
    <message>
        <source>Delete them for good, or leave them.</source>
        <translation>请永久删除，或保留它们。</translation>
    </message>
    <message>
        <source>{shared} stay, because something else uses the same data.</source>
        <translation>{shared} 会保留，因为其他内容使用相同的数据。</translation>
    </message>
    <message>
        <source>{bound} have another name elsewhere and stay under that.</source>
        <translation>{bound} 在别处有另一个名称，并以该名称保留。</translation>
    </message>
    <message>
        <source>These files are in a folder of your own; this program did not put them there.</source>
        <translation>这些文件在你自己的文件夹中，不是本程序放进去的。</translation>
    </message>
    <message>
        <source>These files are in the Hugging Face cache, which other programs use as well.</source>
        <translation>这些文件在 Hugging Face 缓存中，其他程序也在使用。</translation>
    </message>
    <message>
        <source>These files belong to {label}, which will no longer find them.</source>
        <translation>这些文件属于 {label}，删除后它将找不到这些文件。</translation>
    </message>
    <message>
        <source>no file of the repository has its name</source>
        <translation>仓库中没有文件叫这个名称</translation>
    </message>
    <message>
        <source>{name} could not be repaired.</source>
        <translation>无法修复 {name}。</translation>
    </message>
    <message>
        <source>Check the folder&apos;s rights and the disk. The file is as it was.</source>
        <translation>请检查文件夹权限和磁盘。文件保持原样。</translation>
    </message>
    <message>
        <source>There is no room to repair {name}.</source>
        <translation>没有空间修复 {name}。</translation>
    </message>
    <message>
        <source>It needs {size} beside the damaged file, and {free} are free.</source>
        <translation>除损坏的文件外还需要 {size}，可用 {free}。</translation>
    </message>
    <message>
        <source>Make room, or delete the model and download it again.</source>
        <translation>请腾出空间，或删除模型后重新下载。</translation>
    </message>
    <message>
        <source>its folder names no repository</source>
        <translation>它的文件夹没有写明仓库</translation>
    </message>
    <message>
        <source>{title} cannot be repaired.</source>
        <translation>无法修复 {title}。</translation>
    </message>
    <message>
        <source>The Hub has another version of this file by now, or none.</source>
        <translation>Hub 上现在是这个文件的另一个版本，或已没有这个文件。</translation>
    </message>
    <message>
        <source>Delete the model and download it again.</source>
        <translation>请删除模型后重新下载。</translation>
    </message>
    <message>
        <source>Nothing tells which repository of the Hub it is from.</source>
        <translation>没有信息说明它来自 Hub 的哪个仓库。</translation>
    </message>
    <message>
        <source>Download it again, or copy it again from where it came.</source>
        <translation>请重新下载，或从来源处重新复制。</translation>
    </message>
    <message>
        <source>The folder {folder} is not there.</source>
        <translation>文件夹 {folder} 不存在。</translation>
    </message>
    <message>
        <source>The folder {folder} does not answer; the disk or network may be away.</source>
        <translation>文件夹 {folder} 没有回应；磁盘或网络可能已断开。</translation>
    </message>
    <message>
        <source> and {rest} more</source>
        <translation> 以及另外 {rest} 个</translation>
    </message>
    <message>
        <source>This user may not read {unreadable}{more}.</source>
        <translation>当前用户不能读取 {unreadable}{more}。</translation>
    </message>
    <message>
        <source>{folder} holds too many files; only a part was looked through.</source>
        <translation>{folder} 中的文件过多，只查看了一部分。</translation>
    </message>
    <message>
        <source>Hugging Face cache</source>
        <translation>Hugging Face 缓存</translation>
    </message>
    <message>
        <source>Your folder</source>
        <translation>你的文件夹</translation>
    </message>
    <message>
        <source>Every byte is what the publisher released (SHA-256).</source>
        <translation>每个字节都与发布者发布的一致（SHA-256）。</translation>
    </message>
    <message>
        <source>No known hash: only the structure was checked, and it is sound.</source>
        <translation>没有已知哈希：只检查了结构，结构完好。</translation>
    </message>
    <message>
        <source>No known hash for {value}: there, only the structure was checked.</source>
        <translation>{value} 没有已知哈希：只检查了结构。</translation>
    </message>
    <message>
        <source>It is damaged: its content is not what the publisher released.</source>
        <translation>它已损坏：内容与发布者发布的不同。</translation>
    </message>
    <message>
        <source>{title} is not complete.</source>
        <translation>{title} 不完整。</translation>
    </message>
    <message>
        <source>Finish the download, then verify.</source>
        <translation>请先完成下载，再校验。</translation>
    </message>
    <message>
        <source>{name} has changed while it was being read.</source>
        <translation>{name} 在读取过程中发生了变化。</translation>
    </message>
    <message>
        <source>Another program is writing to it.</source>
        <translation>另一个程序正在写入它。</translation>
    </message>
    <message>
        <source>Let that one finish, then verify again.</source>
        <translation>请等它完成，然后重新校验。</translation>
    </message>
    <message>
        <source>It has changed since this program downloaded and verified it.</source>
        <translation>自本程序下载并校验以来，它发生了变化。</translation>
    </message>
    <message>
        <source>Its content is not what the Hub has under this name now; it is damaged, or an earlier </source>
        <translation>它的内容与 Hub 上现在同名的文件不同；它已损坏，或是较早的</translation>
    </message>
    <message>
        <source>Dual-channel {memory}</source>
        <translation>双通道 {memory}</translation>
    </message>
    <message>
        <source>{channels}-channel {memory}</source>
        <translation>{channels} 通道 {memory}</translation>
    </message>
    <message>
        <source>{ram_gib} GB of RAM</source>
        <translation>{ram_gib} GB 内存</translation>
    </message>
    <message>
        <source>One computer can use {most_devices} GPUs at most.</source>
        <translation>一台电脑最多可以使用 {most_devices} 块 GPU。</translation>
    </message>
    <message>
        <source>That is the engine&apos;s limit.</source>
        <translation>这是引擎的上限。</translation>
    </message>
    <message>
        <source>Take another one out first, or choose cards with more memory.</source>
        <translation>请先取出一块，或选择显存更大的显卡。</translation>
    </message>
    <message>
        <source>It is not a description of parts.</source>
        <translation>这不是部件清单。</translation>
    </message>
    <message>
        <source>Its list of cards is missing or too long.</source>
        <translation>显卡列表缺失或过长。</translation>
    </message>
    <message>
        <source>A number of cards makes no sense.</source>
        <translation>显卡数量没有意义。</translation>
    </message>
    <message>
        <source>{name} is no card.</source>
        <translation>{name} 不是显卡。</translation>
    </message>
    <message>
        <source>{name} is no whole computer.</source>
        <translation>{name} 不是整机。</translation>
    </message>
    <message>
        <source>{name} is not in the table of GPUs.</source>
        <translation>{name} 不在 GPU 表中。</translation>
    </message>
    <message>
        <source>Only machines of known parts can be changed here.</source>
        <translation>这里只能更改由已知部件组成的机器。</translation>
    </message>
    <message>
        <source>Choose the nearest card from the list.</source>
        <translation>请从列表中选择最接近的显卡。</translation>
    </message>
    <message>
        <source>The table of GPUs has no {name!r}.</source>
        <translation>GPU 表中没有 {name!r}。</translation>
    </message>
    <message>
        <source>Its {field} is not a number from {low} to {high}.</source>
        <translation>{field} 不是 {low} 到 {high} 之间的数字。</translation>
    </message>
    <message>
        <source>The machine that was built cannot be used.</source>
        <translation>无法使用所组装的机器。</translation>
    </message>
    <message>
        <source>Build it again.</source>
        <translation>请重新组装。</translation>
    </message>
    <message>
        <source>With a context of {context} tokens:</source>
        <translation>上下文为 {context} 个 token 时：</translation>
    </message>
    <message>
        <source>Speeds are predictions; sizes with a tilde (~) are estimates.</source>
        <translation>速度是预测值；带波浪号（~）的大小是估算值。</translation>
    </message>
    <message>
        <source>No folder could be made for it: {strerror}.</source>
        <translation>无法为它创建文件夹：{strerror}。</translation>
    </message>
    <message>
        <source>Make some room on this disk.</source>
        <translation>请在此磁盘上腾出空间。</translation>
    </message>
    <message>
        <source>{why}, {speed}</source>
        <translation>{why}，{speed}</translation>
    </message>
    <message>
        <source>{what}: {why}.</source>
        <translation>{what}：{why}。</translation>
    </message>
    <message>
        <source>the only one</source>
        <translation>唯一的选择</translation>
    </message>
    <message>
        <source>one of the fastest</source>
        <translation>最快的之一</translation>
    </message>
    <message>
        <source>the fastest</source>
        <translation>最快的</translation>
    </message>
    <message>
        <source>{fastest} of those that keep a part of it in RAM</source>
        <translation>在把一部分放在内存的配置中{fastest}</translation>
    </message>
    <message>
        <source>the fewest cards, and {fastest} of them</source>
        <translation>所需显卡最少，且在其中{fastest}</translation>
    </message>
    <message>
        <source>the fewest cards</source>
        <translation>所需显卡最少</translation>
    </message>
    <message>
        <source>{told} and {ram_gib} GB of RAM</source>
        <translation>{told}，另加 {ram_gib} GB 内存</translation>
    </message>
    <message>
        <source>consumer</source>
        <translation>消费级</translation>
    </message>
    <message>
        <source>laptop</source>
        <translation>笔记本</translation>
    </message>
    <message>
        <source>workstation</source>
        <translation>工作站</translation>
    </message>
    <message>
        <source>data center</source>
        <translation>数据中心</translation>
    </message>
    <message>
        <source>unified memory</source>
        <translation>统一内存</translation>
    </message>
    <message>
        <source>{name} does not offer {quant}.</source>
        <translation>{name} 不提供 {quant}。</translation>
    </message>
    <message>
        <source>It has: {listed}.</source>
        <translation>它有：{listed}。</translation>
    </message>
    <message>
        <source>Choose another repository or folder.</source>
        <translation>请选择其他仓库或文件夹。</translation>
    </message>
    <message>
        <source>{name} holds no model that can be loaded.</source>
        <translation>{name} 中没有可以加载的模型。</translation>
    </message>
    <message>
        <source>It has no GGUF file.</source>
        <translation>它没有 GGUF 文件。</translation>
    </message>
    <message>
        <source>Choose a folder with .gguf files.</source>
        <translation>请选择含有 .gguf 文件的文件夹。</translation>
    </message>
    <message>
        <source>This user may not look into it, or the disk does not answer.</source>
        <translation>当前用户不能查看它，或磁盘没有回应。</translation>
    </message>
    <message>
        <source>Check its permissions.</source>
        <translation>请检查权限。</translation>
    </message>
    <message>
        <source>{repo} is called {repo2} now.</source>
        <translation>{repo} 现在名为 {repo2}。</translation>
    </message>
    <message>
        <source>{repo} holds no GGUF file.</source>
        <translation>{repo} 没有 GGUF 文件。</translation>
    </message>
    <message>
        <source>GGUF is the format that the engine loads; this repository has another one.</source>
        <translation>引擎加载的格式是 GGUF；这个仓库采用其他格式。</translation>
    </message>
    <message>
        <source>Look for a repository of the same model whose name ends in -GGUF.</source>
        <translation>请查找同一模型、名称以 -GGUF 结尾的仓库。</translation>
    </message>
    <message>
        <source>Sizes are those of {generated}, as far as they were known then; how they are made up is estimated from the model&apos;s dimensions.</source>
        <translation>大小为 {generated} 时已知的数值；其构成由模型维度估算。</translation>
    </message>
    <message>
        <source>A context needs at least one token.</source>
        <translation>上下文至少需要一个 token。</translation>
    </message>
    <message>
        <source>Choose a context of 256 tokens or more.</source>
        <translation>请选择 256 个 token 或更大的上下文。</translation>
    </message>
    <message>
        <source>{name} cannot use a context of {asked} tokens.</source>
        <translation>{name} 不能使用 {asked} 个 token 的上下文。</translation>
    </message>
    <message>
        <source>It was trained for {trained_context}.</source>
        <translation>它训练时的上下文为 {trained_context}。</translation>
    </message>
    <message>
        <source>Choose a context of at most {trained_context} tokens.</source>
        <translation>请选择最多 {trained_context} 个 token 的上下文。</translation>
    </message>
    <message>
        <source>Batches need at least one token, and a reserve cannot be negative.</source>
        <translation>批大小至少为一个 token，预留不能为负。</translation>
    </message>
    <message>
        <source>Choose batches of 512 and 2,048 tokens, the usual ones.</source>
        <translation>请选择常用的批大小 512 和 2,048 个 token。</translation>
    </message>
    <message>
        <source>The context&apos;s values cannot be kept as {kv_type_v} here.</source>
        <translation>这里不能以 {kv_type_v} 保存上下文的值。</translation>
    </message>
    <message>
        <source>That needs flash attention, which is turned off.</source>
        <translation>这需要 flash attention，而它已关闭。</translation>
    </message>
    <message>
        <source>Turn flash attention on, or choose f16.</source>
        <translation>请开启 flash attention，或选择 f16。</translation>
    </message>
    <message>
        <source>The installed engine cannot use {names} yet; see `glm-launcher hardware` for the remedy.</source>
        <translation>已安装的引擎还不能使用 {names}；解决办法见 `glm-launcher hardware`。</translation>
    </message>
    <message>
        <source>The table of measured quality cannot be used.</source>
        <translation>无法使用实测质量表。</translation>
    </message>
    <message>
        <source>It is missing or damaged.</source>
        <translation>它缺失或已损坏。</translation>
    </message>
    <message>
        <source>this model</source>
        <translation>这个模型</translation>
    </message>
    <message>
        <source>It does not fit: {missing} of {missing_in} are missing.</source>
        <translation>放不下：还缺 {missing_in} {missing}。</translation>
    </message>
    <message>
        <source>{disk} of it would be read from the disk again and again, at about {tokens_per_second:.1f} tokens/s.</source>
        <translation>其中 {disk} 需要反复从磁盘读取，速度约 {tokens_per_second:.1f} token/秒。</translation>
    </message>
    <message>
        <source>It fits with a context of {context} tokens only.</source>
        <translation>只有在上下文为 {context} 个 token 时才放得下。</translation>
    </message>
    <message>
        <source>It answers at about {tokens_per_second:.1f} tokens/s.</source>
        <translation>它的回答速度约 {tokens_per_second:.1f} token/秒。</translation>
    </message>
    <message>
        <source>Take {model} in {quant}: the best quality that answers at {tokens_per_second:g} tokens/s or more here.</source>
        <translation>选择 {model} 的 {quant}：在这里能以 {tokens_per_second:g} token/秒或更快回答的最佳质量。</translation>
    </message>
    <message>
        <source> {model} in {quant} does, at about {tokens_per_second:.0f} tokens/s.</source>
        <translation> {model} 的 {quant} 可以，约 {tokens_per_second:.0f} token/秒。</translation>
    </message>
    <message>
        <source>No file of {model} is all you wished for here.{other} The nearest is {quant}: {shortfall}</source>
        <translation>{model} 没有文件能满足全部要求。{other}最接近的是 {quant}：{shortfall}</translation>
    </message>
    <message>
        <source>No file of {model} fits this machine.{other}</source>
        <translation>{model} 没有文件适合这台机器。{other}</translation>
    </message>
    <message>
        <source>{size} more {kind} buys {quant}.</source>
        <translation>再加 {size} {kind}即可使用 {quant}。</translation>
    </message>
    <message>
        <source>{quant} fits too and is better, at about {tokens_per_second:.1f} tokens/s.</source>
        <translation>{quant} 也放得下且质量更好，约 {tokens_per_second:.1f} token/秒。</translation>
    </message>
    <message>
        <source>{missing} of {missing_in} are missing</source>
        <translation>还缺 {missing_in} {missing}</translation>
    </message>
    <message>
        <source>It fits in unified memory.</source>
        <translation>统一内存放得下。</translation>
    </message>
    <message>
        <source>All of it fits in GPU memory.</source>
        <translation>显存能全部放下。</translation>
    </message>
    <message>
        <source>It fits: every layer is on the GPU, the experts of {expert_layers_on_cpu} layers stay in RAM.</source>
        <translation>放得下：所有层都在 GPU 上，{expert_layers_on_cpu} 层的专家留在内存。</translation>
    </message>
    <message>
        <source>It fits: {layers_on_cpu} and the experts of {expert_layers_on_cpu} stay in RAM, the rest is on the GPU.</source>
        <translation>放得下：{layers_on_cpu}和 {expert_layers_on_cpu} 层的专家留在内存，其余在 GPU 上。</translation>
    </message>
    <message>
        <source>It fits: {layers_on_cpu} stay in RAM, the rest is on the GPU.</source>
        <translation>放得下：{layers_on_cpu}留在内存，其余在 GPU 上。</translation>
    </message>
    <message>
        <source>It fits in RAM and runs on the processor alone.</source>
        <translation>内存放得下，只用处理器运行。</translation>
    </message>
    <message>
        <source>It runs from the disk, slowly: {absent}.</source>
        <translation>从磁盘运行，速度慢：{absent}。</translation>
    </message>
    <message>
        <source>It does not fit: {absent}.</source>
        <translation>放不下：{absent}。</translation>
    </message>
    <message>
        <source>1 layer</source>
        <translation>1 层</translation>
    </message>
    <message>
        <source>{number} layers</source>
        <translation>{number} 层</translation>
    </message>
    <message>
        <source>{rate} ({range})</source>
        <translation>{rate}（{range}）</translation>
    </message>
    <message>
        <source>about {expected} tokens/s</source>
        <translation>约 {expected} token/秒</translation>
    </message>
    <message>
        <source>{low} to {high}</source>
        <translation>{low} 至 {high}</translation>
    </message>
    <message>
        <source>{size}, estimated from the model&apos;s dimensions</source>
        <translation>{size}，由模型维度估算</translation>
    </message>
    <message>
        <source>Context: {context} tokens, kept as {plan}</source>
        <translation>上下文：{context} 个 token，以 {plan} 保存</translation>
    </message>
    <message>
        <source>Answers at {empty}, with a full context {full}.</source>
        <translation>回答速度 {empty}，上下文全满时 {full}。</translation>
    </message>
    <message>
        <source>Reads a prompt at {prefill_empty}.</source>
        <translation>读取提示词的速度 {prefill_empty}。</translation>
    </message>
    <message>
        <source>Quality: {rated}</source>
        <translation>质量：{rated}</translation>
    </message>
    <message>
        <source>A widely copied page has {size_gb} GB, {bits_per_weight:g} bits and {quality_pct}% for it: nominal figures.</source>
        <translation>一个被广泛转载的页面写的是 {size_gb} GB、{bits_per_weight:g} 位、{quality_pct}%：标称数值。</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>estimated</source>
        <translation>估算</translation>
    </message>
    <message>
        <source>at most </source>
        <translation>最多 </translation>
    </message>
    <message>
        <source>{grade} (divergence {bound}{mean_kld:.3f}, {how})</source>
        <translation>{grade}（散度 {bound}{mean_kld:.3f}，{how}）</translation>
    </message>
    <message>
        <source>{keys} and {values}</source>
        <translation>{keys} 和 {values}</translation>
    </message>
    <message>
        <source>~ estimated; the other figures are exact.</source>
        <translation>~ 为估算值；其他数值准确。</translation>
    </message>
    <message>
        <source>~ estimated.</source>
        <translation>~ 为估算值。</translation>
    </message>
    <message>
        <source>~ estimated; compute as the engine simulates it; the other figures are exact.</source>
        <translation>~ 为估算值；计算缓冲由引擎模拟得出；其他数值准确。</translation>
    </message>
    <message>
        <source>The context of this model cannot be kept as {kv_type}.</source>
        <translation>这个模型的上下文不能以 {kv_type} 保存。</translation>
    </message>
    <message>
        <source>Its rows have {elements} values, and {kv_type} stores them in groups of {block_elements}.</source>
        <translation>它的每行有 {elements} 个值，而 {kv_type} 以 {block_elements} 个为一组保存。</translation>
    </message>
    <message>
        <source>Choose f16 for the context memory.</source>
        <translation>上下文内存请选择 f16。</translation>
    </message>
    <message>
        <source>{name} does not say how large its context memory is.</source>
        <translation>{name} 没有说明它的上下文内存有多大。</translation>
    </message>
    <message>
        <source>Its header lacks the number or the size of the attention heads.</source>
        <translation>它的文件头缺少注意力头的数量或大小。</translation>
    </message>
    <message>
        <source>The measured speeds cannot be used.</source>
        <translation>无法使用实测速度。</translation>
    </message>
    <message>
        <source>Their file is missing, damaged or has a run that was never looked at.</source>
        <translation>文件缺失、损坏，或含有从未查看过的测量。</translation>
    </message>
    <message>
        <source>The table of graphics cards cannot be used.</source>
        <translation>无法使用显卡表。</translation>
    </message>
    <message>
        <source>The file with the speed constants cannot be used.</source>
        <translation>无法使用速度常数文件。</translation>
    </message>
    <message>
        <source>GLM Launcher</source>
        <translation>GLM Launcher</translation>
    </message>
    <message>
        <source>Write owner/name, owner/name:QUANTIZATION, or paste an address of huggingface.co.</source>
        <translation>请写 owner/name、owner/name:QUANTIZATION，或粘贴 huggingface.co 的地址。</translation>
    </message>
    <message>
        <source>Nothing is written there.</source>
        <translation>没有写任何内容。</translation>
    </message>
    <message>
        <source>That is no address of a model.</source>
        <translation>这不是模型的地址。</translation>
    </message>
    <message>
        <source>It is too long or unreadable.</source>
        <translation>它过长或无法读取。</translation>
    </message>
    <message>
        <source>{repo} is not the name of a repository.</source>
        <translation>{repo} 不是仓库的名称。</translation>
    </message>
    <message>
        <source>After the colon comes the name of a quantization.</source>
        <translation>冒号后面应是量化版本的名称。</translation>
    </message>
    <message>
        <source>Such as owner/name:Q4_K_M.</source>
        <translation>例如 owner/name:Q4_K_M。</translation>
    </message>
    <message>
        <source>That is no address.</source>
        <translation>这不是地址。</translation>
    </message>
    <message>
        <source>{host} is not the Hub.</source>
        <translation>{host} 不是 Hub。</translation>
    </message>
    <message>
        <source>Only models on huggingface.co, or on the mirror in the settings, can be fetched here.</source>
        <translation>这里只能获取 huggingface.co 或设置中镜像上的模型。</translation>
    </message>
    <message>
        <source>That address does not lead to a model.</source>
        <translation>这个地址不指向模型。</translation>
    </message>
    <message>
        <source>It is one of the Hub&apos;s {steps}.</source>
        <translation>它是 Hub 的 {steps}。</translation>
    </message>
    <message>
        <source>That address does not name a repository.</source>
        <translation>这个地址没有写明仓库。</translation>
    </message>
    <message>
        <source>That address names no branch or commit.</source>
        <translation>这个地址没有写明分支或提交。</translation>
    </message>
    <message>
        <source>{repo} holds nothing that can be loaded.</source>
        <translation>{repo} 中没有可以加载的内容。</translation>
    </message>
    <message>
        <source>{repo} has no {what}.</source>
        <translation>{repo} 没有 {what}。</translation>
    </message>
    <message>
        <source>It has: </source>
        <translation>它有：</translation>
    </message>
    <message>
        <source>Address of a model on the Hub</source>
        <translation>Hub 上模型的地址</translation>
    </message>
    <message>
        <source>owner/name, owner/name:Q4_K_M or a huggingface.co address</source>
        <translation>owner/name、owner/name:Q4_K_M 或 huggingface.co 的地址</translation>
    </message>
    <message>
        <source>Get</source>
        <translation>获取</translation>
    </message>
    <message>
        <source>Quantization to download</source>
        <translation>要下载的量化版本</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Asking the Hub about {repo}…</source>
        <translation>正在向 Hub 询问 {repo}…</translation>
    </message>
    <message>
        <source>Summary</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>Send these messages again, from the next question on.</source>
        <translation>从下一个问题起，重新发送这些消息。</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source> {others} more cannot be loaded.</source>
        <translation> 另有 {others} 个无法加载。</translation>
    </message>
    <message>
        <source>{repo} has {usable} quantizations. Which one?{left_out}</source>
        <translation>{repo} 有 {usable} 个量化版本。要哪一个？{left_out}</translation>
    </message>
    <message>
        <source>{title} is in the queue ({size}). {warning}</source>
        <translation>{title} 已在队列中（{size}）。{warning}</translation>
    </message>
    <message>
        <source>free space unknown</source>
        <translation>可用空间未知</translation>
    </message>
    <message>
        <source>{free} free</source>
        <translation>可用 {free}</translation>
    </message>
    <message>
        <source>{free}, {to_come} to come</source>
        <translation>{free}，还将占用 {to_come}</translation>
    </message>
    <message>
        <source>Lets the model reason before it answers. A chat or a persona can have it otherwise.</source>
        <translation>让模型先思考再回答。聊天或角色可以另行设置。</translation>
    </message>
    <message>
        <source>How many tokens the model may think for in one turn, before it has to answer.</source>
        <translation>模型在一次回答中最多可以思考多少个 token，之后必须作答。</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>reasoning limit length answer now</source>
        <translation>推理 上限 长度 立即回答</translation>
    </message>
    <message>
        <source>Keep earlier thinking</source>
        <translation>保留先前的思考</translation>
    </message>
    <message>
        <source>Shows the model its thinking of earlier answers again. The context fills up sooner.</source>
        <translation>再次向模型显示它在先前回答中的思考。上下文会更快填满。</translation>
    </message>
    <message>
        <source>reasoning drop old thoughts prompt context</source>
        <translation>推理 丢弃 旧思考 提示词 上下文</translation>
    </message>
    <message>
        <source>Titles by the model</source>
        <translation>由模型拟标题</translation>
    </message>
    <message>
        <source>Lets the model name a chat after its first answer, when nothing else is to be done.</source>
        <translation>空闲时，让模型在第一个回答之后为聊天命名。</translation>
    </message>
    <message>
        <source>names of chats rename automatic</source>
        <translation>聊天名称 重命名 自动</translation>
    </message>
    <message>
        <source>Connections at once</source>
        <translation>同时连接数</translation>
    </message>
    <message>
        <source>Speed limit in megabytes per second, 0 for none</source>
        <translation>速度上限，单位 MB/秒，0 表示不限</translation>
    </message>
    <message>
        <source>{told}. It holds for what runs now, too.</source>
        <translation>{told}。对正在进行的下载也有效。</translation>
    </message>
    <message>
        <source>{full}
The Hugging Face cache, which other programs share.</source>
        <translation>{full}
Hugging Face 缓存，与其他程序共享。</translation>
    </message>
    <message>
        <source>{what} the folder for downloads</source>
        <translation>{what}下载文件夹</translation>
    </message>
    <message>
        <source>Like the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>高对比度</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Of the program; the model answers in the language it is asked in.</source>
        <translation>程序界面的语言；模型以提问的语言回答。</translation>
    </message>
    <message>
        <source>语言 中文 chinese english translation</source>
        <translation>语言 中文 chinese english translation</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Light or dark, or whatever the system uses.</source>
        <translation>浅色或深色，或跟随系统。</translation>
    </message>
    <message>
        <source>colours night high contrast</source>
        <translation>颜色 夜间 高对比度</translation>
    </message>
    <message>
        <source>Text size</source>
        <translation>文字大小</translation>
    </message>
    <message>
        <source>Of everything in the window, beside what the system scales.</source>
        <translation>窗口中所有文字的大小，在系统缩放之外。</translation>
    </message>
    <message>
        <source>zoom larger smaller letters scale</source>
        <translation>缩放 放大 缩小 字号 比例</translation>
    </message>
    <message>
        <source>Density</source>
        <translation>密度</translation>
    </message>
    <message>
        <source>How much room there is around controls and rows.</source>
        <translation>控件和行之间留多少空间。</translation>
    </message>
    <message>
        <source>Comfortable</source>
        <translation>宽松</translation>
    </message>
    <message>
        <source>Compact</source>
        <translation>紧凑</translation>
    </message>
    <message>
        <source>compact spacing tight</source>
        <translation>紧凑 间距</translation>
    </message>
    <message>
        <source>Font</source>
        <translation>字体</translation>
    </message>
    <message>
        <source>For everything but code.</source>
        <translation>用于代码以外的所有内容。</translation>
    </message>
    <message>
        <source>family typeface letters</source>
        <translation>字体 字形</translation>
    </message>
    <message>
        <source>Font for code</source>
        <translation>代码字体</translation>
    </message>
    <message>
        <source>For code and for figures in columns.</source>
        <translation>用于代码和列中的数字。</translation>
    </message>
    <message>
        <source>monospace family typeface</source>
        <translation>等宽 字体</translation>
    </message>
    <message>
        <source>Colours of code</source>
        <translation>代码颜色</translation>
    </message>
    <message>
        <source>How code is coloured, in every theme.</source>
        <translation>在每个主题中代码如何着色。</translation>
    </message>
    <message>
        <source>Like the theme</source>
        <translation>跟随主题</translation>
    </message>
    <message>
        <source>Vivid</source>
        <translation>鲜明</translation>
    </message>
    <message>
        <source>Warm</source>
        <translation>暖色</translation>
    </message>
    <message>
        <source>syntax highlighting</source>
        <translation>语法 高亮</translation>
    </message>
    <message>
        <source>The file that is opened at the next start; empty for the demo model.</source>
        <translation>下次启动时打开的文件；留空则为演示模型。</translation>
    </message>
    <message>
        <source>How many tokens a conversation may have; more takes more memory. Counts for the next load.</source>
        <translation>一次对话可以有多少 token；越多占用的内存越大。下次加载时生效。</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>token</translation>
    </message>
    <message>
        <source>as the plan says</source>
        <translation>按规划</translation>
    </message>
    <message>
        <source>memory length KV cache</source>
        <translation>内存 长度 KV 缓存</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程</translation>
    </message>
    <message>
        <source>On how many threads the processor computes its part of a model. More than there are cores makes it slower. Counts for the next load.</source>
        <translation>处理器用多少个线程计算它那部分模型。超过核心数会更慢。下次加载时生效。</translation>
    </message>
    <message>
        <source>one for each core</source>
        <translation>每个核心一个</translation>
    </message>
    <message>
        <source>processor cores CPU speed quiet heat</source>
        <translation>处理器 核心 CPU 速度 安静 发热</translation>
    </message>
    <message>
        <source>When a question does not fit</source>
        <translation>当问题放不下时</translation>
    </message>
    <message>
        <source>What is left out is always shown in the chat and can be sent again.</source>
        <translation>省略的内容总会显示在聊天中，并可以重新发送。</translation>
    </message>
    <message>
        <source>Ask what to do</source>
        <translation>询问怎么做</translation>
    </message>
    <message>
        <source>Leave the oldest messages out</source>
        <translation>省略最早的消息</translation>
    </message>
    <message>
        <source>context full overflow too long</source>
        <translation>上下文 已满 溢出 过长</translation>
    </message>
    <message>
        <source>Lets the model use tools; a chat or a persona can have it otherwise. Which there are and what they may do is on the page Tools.</source>
        <translation>让模型使用工具；聊天或角色可以另行设置。有哪些工具、可以做什么，见“工具”页。</translation>
    </message>
    <message>
        <source>functions calls</source>
        <translation>函数 调用</translation>
    </message>
    <message>
        <source>Sampling preset</source>
        <translation>采样预设</translation>
    </message>
    <message>
        <source>The set of sampling parameters that new chats start from.</source>
        <translation>新聊天开始时使用的采样参数。</translation>
    </message>
    <message>
        <source>The parameters of new chats that differ from their preset.</source>
        <translation>新聊天中与预设不同的参数。</translation>
    </message>
    <message>
        <source>Your presets</source>
        <translation>你的预设</translation>
    </message>
    <message>
        <source>Sets of sampling parameters of your own.</source>
        <translation>你自己的采样参数组合。</translation>
    </message>
    <message>
        <source>Persona of new chats</source>
        <translation>新聊天的角色</translation>
    </message>
    <message>
        <source>Which persona a new chat begins with.</source>
        <translation>新聊天以哪个角色开始。</translation>
    </message>
    <message>
        <source>Your personas</source>
        <translation>你的角色</translation>
    </message>
    <message>
        <source>Instructions for the model under a name, with how it is asked.</source>
        <translation>以一个名称保存的给模型的指令，以及如何提问。</translation>
    </message>
    <message>
        <source>The new chat</source>
        <translation>新聊天</translation>
    </message>
    <message>
        <source>What was chosen for a chat that has no question yet.</source>
        <translation>为尚无问题的聊天选择的内容。</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>Where the window was and how large.</source>
        <translation>窗口的位置和大小。</translation>
    </message>
    <message>
        <source>Address of the Hub</source>
        <translation>Hub 的地址</translation>
    </message>
    <message>
        <source>A mirror of huggingface.co. Empty means HF_ENDPOINT, or the Hub itself.</source>
        <translation>huggingface.co 的镜像。留空则为 HF_ENDPOINT 或 Hub 本身。</translation>
    </message>
    <message>
        <source>mirror server HF_ENDPOINT</source>
        <translation>镜像 服务器 HF_ENDPOINT</translation>
    </message>
    <message>
        <source>Folder for models</source>
        <translation>存放模型的文件夹</translation>
    </message>
    <message>
        <source>Where downloads go. The Hugging Face cache is shared with other programs.</source>
        <translation>下载存放的位置。Hugging Face 缓存与其他程序共享。</translation>
    </message>
    <message>
        <source>the Hugging Face cache</source>
        <translation>Hugging Face 缓存</translation>
    </message>
    <message>
        <source>disk place download</source>
        <translation>磁盘 位置 下载</translation>
    </message>
    <message>
        <source>Folders with models</source>
        <translation>含有模型的文件夹</translation>
    </message>
    <message>
        <source>Looked through for models besides those of other programs.</source>
        <translation>除其他程序的文件夹外，也在这些文件夹中查找模型。</translation>
    </message>
    <message>
        <source>disk library find</source>
        <translation>磁盘 模型库 查找</translation>
    </message>
    <message>
        <source>Earlier folders for models</source>
        <translation>先前存放模型的文件夹</translation>
    </message>
    <message>
        <source>Looked through as well, for what was downloaded before another one was chosen.</source>
        <translation>也会查看，因为其中有改选文件夹之前下载的内容。</translation>
    </message>
    <message>
        <source>Connections</source>
        <translation>连接数</translation>
    </message>
    <message>
        <source>How many connections a download uses at once.</source>
        <translation>一个下载同时使用多少个连接。</translation>
    </message>
    <message>
        <source>Speed limit</source>
        <translation>速度上限</translation>
    </message>
    <message>
        <source>The most that downloads take of the line.</source>
        <translation>下载最多占用多少带宽。</translation>
    </message>
    <message>
        <source>bandwidth cap throttle</source>
        <translation>带宽 上限 限速</translation>
    </message>
    <message>
        <source>When the window is closed while something is downloaded, the download goes on.</source>
        <translation>下载期间关闭窗口时，下载继续进行。</translation>
    </message>
    <message>
        <source>background close notification</source>
        <translation>后台 关闭 通知</translation>
    </message>
    <message>
        <source>Closing while downloading</source>
        <translation>下载时关闭</translation>
    </message>
    <message>
        <source>It has been asked whether downloads go on when the window is closed.</source>
        <translation>已询问过关闭窗口时下载是否继续。</translation>
    </message>
    <message>
        <source>First start</source>
        <translation>首次启动</translation>
    </message>
    <message>
        <source>The first start has been shown.</source>
        <translation>已显示过首次启动页。</translation>
    </message>
    <message>
        <source>The machine you built</source>
        <translation>你组装的机器</translation>
    </message>
    <message>
        <source>Its parts, as they were left on the page for that.</source>
        <translation>它的部件，按页面上最后的状态。</translation>
    </message>
    <message>
        <source>Other programs that give the model tools, by name, as in an mcpServers block.</source>
        <translation>按名称列出的、为模型提供工具的其他程序，与 mcpServers 段相同。</translation>
    </message>
    <message>
        <source>Read without asking</source>
        <translation>读取时不询问</translation>
    </message>
    <message>
        <source>Tools may read and list files in the folders below without asking each time. Before they write, you are asked, unless you have answered “Always”.</source>
        <translation>工具可以读取和列出下列文件夹中的文件，不必每次询问。写入之前会询问你，除非你已选择“始终”。</translation>
    </message>
    <message>
        <source>consent permission files</source>
        <translation>同意 权限 文件</translation>
    </message>
    <message>
        <source>Folders for tools</source>
        <translation>工具的文件夹</translation>
    </message>
    <message>
        <source>Where tools may read, and where they may write as well.</source>
        <translation>工具可以读取的位置，以及可以写入的位置。</translation>
    </message>
    <message>
        <source>Permissions</source>
        <translation>权限</translation>
    </message>
    <message>
        <source>What is always allowed, by tool and scope.</source>
        <translation>按工具和范围列出的始终允许的内容。</translation>
    </message>
    <message>
        <source>Tools that are offered</source>
        <translation>提供的工具</translation>
    </message>
    <message>
        <source>All but these names.</source>
        <translation>除这些名称外的全部。</translation>
    </message>
    <message>
        <source>Web search</source>
        <translation>网络搜索</translation>
    </message>
    <message>
        <source>Who is asked when a model searches the web. What it looks for is sent there.</source>
        <translation>模型搜索网络时询问谁。搜索的内容会发送到那里。</translation>
    </message>
    <message>
        <source>internet SearXNG Brave provider network</source>
        <translation>互联网 SearXNG Brave 服务商 网络</translation>
    </message>
    <message>
        <source>Address of SearXNG</source>
        <translation>SearXNG 的地址</translation>
    </message>
    <message>
        <source>Your own instance or one that allows programs (the format json). It may be on your network.</source>
        <translation>你自己的实例，或允许程序使用的实例（json 格式）。可以在你的网络中。</translation>
    </message>
    <message>
        <source>internet web search server instance</source>
        <translation>互联网 网络搜索 服务器 实例</translation>
    </message>
    <message>
        <source>Files go to</source>
        <translation>文件存放到</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Change…</source>
        <translation>更改…</translation>
    </message>
    <message>
        <source>and {rest} more</source>
        <translation>以及另外 {rest} 个</translation>
    </message>
    <message>
        <source>File {row}</source>
        <translation>文件 {row}</translation>
    </message>
    <message>
        <source>{told}, {verified} verified</source>
        <translation>{told}，已校验 {verified}</translation>
    </message>
    <message>
        <source>The download failed.</source>
        <translation>下载失败。</translation>
    </message>
    <message>
        <source>Try again.</source>
        <translation>请重试。</translation>
    </message>
    <message>
        <source>Take the new file</source>
        <translation>采用新文件</translation>
    </message>
    <message>
        <source>Give the download up…</source>
        <translation>放弃下载…</translation>
    </message>
    <message>
        <source>Load and chat</source>
        <translation>加载并聊天</translation>
    </message>
    <message>
        <source>Load with options…</source>
        <translation>带选项加载…</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Cancel this download?</source>
        <translation>取消这个下载？</translation>
    </message>
    <message>
        <source>Keep it</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Cancel and throw away</source>
        <translation>取消并丢弃</translation>
    </message>
    <message>
        <source>Cancel this download? {text}</source>
        <translation>取消这个下载？{text}</translation>
    </message>
    <message>
        <source>Error: {error}</source>
        <translation>错误：{error}</translation>
    </message>
    <message>
        <source>Hide details</source>
        <translation>隐藏详细信息</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一步</translation>
    </message>
    <message>
        <source>Files with the question</source>
        <translation>随问题发送的文件</translation>
    </message>
    <message>
        <source>And {count} more like these.</source>
        <translation>以及另外 {count} 条类似的提示。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>OK</source>
        <translation>好</translation>
    </message>
    <message>
        <source>Take off the list</source>
        <translation>从列表移除</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详细信息</translation>
    </message>
    <message>
        <source>Progress of {job}</source>
        <translation>{job} 的进度</translation>
    </message>
    <message>
        <source>Hide the files</source>
        <translation>隐藏文件</translation>
    </message>
    <message>
        <source>Show the files</source>
        <translation>显示文件</translation>
    </message>
    <message>
        <source>Pause {title}</source>
        <translation>暂停 {title}</translation>
    </message>
    <message>
        <source>Resume {title}</source>
        <translation>继续 {title}</translation>
    </message>
    <message>
        <source>Pause (Space)</source>
        <translation>暂停（空格）</translation>
    </message>
    <message>
        <source>Resume (Space)</source>
        <translation>继续（空格）</translation>
    </message>
    <message>
        <source>Cancel (Del)</source>
        <translation>取消（Del）</translation>
    </message>
    <message>
        <source>Remove {title}</source>
        <translation>移除 {title}</translation>
    </message>
    <message>
        <source>Cancel {title}</source>
        <translation>取消 {title}</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Move up (Alt+Up)</source>
        <translation>上移（Alt+上）</translation>
    </message>
    <message>
        <source>Move down (Alt+Down)</source>
        <translation>下移（Alt+下）</translation>
    </message>
    <message>
        <source>Only the beginning</source>
        <translation>仅开头部分</translation>
    </message>
    <message>
        <source>Choose a part…</source>
        <translation>选择一部分…</translation>
    </message>
    <message>
        <source>Leave it out</source>
        <translation>不发送它</translation>
    </message>
    <message>
        <source>Use this part</source>
        <translation>使用这一部分</translation>
    </message>
    <message>
        <source>The whole file</source>
        <translation>整个文件</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>to</source>
        <translation>至</translation>
    </message>
    <message>
        <source>There is room for about {room}.</source>
        <translation>大约还有 {room} 的空间。</translation>
    </message>
    <message>
        <source>The conversation leaves no room.</source>
        <translation>对话没有留下空间。</translation>
    </message>
    <message>
        <source>“{name}” does not fit: it takes {tokens}.</source>
        <translation>“{name}”放不下：它占 {tokens}。</translation>
    </message>
    <message>
        <source>The files do not fit: they take {tokens} together, the largest is “{name}”.</source>
        <translation>这些文件放不下：合计 {tokens}，最大的是“{name}”。</translation>
    </message>
    <message>
        <source>As much of it as fits. What is left out is said to you and to the model.</source>
        <translation>尽可能多地放入。省略的部分会告知你和模型。</translation>
    </message>
    <message>
        <source>Not even the beginning fits.</source>
        <translation>连开头部分也放不下。</translation>
    </message>
    <message>
        <source>Which part of “{name}” goes with the question?</source>
        <translation>“{name}”的哪一部分随问题发送？</translation>
    </message>
    <message>
        <source>of {count}</source>
        <translation>共 {count}</translation>
    </message>
    <message>
        <source>From</source>
        <translation>从</translation>
    </message>
    <message>
        <source>To</source>
        <translation>到</translation>
    </message>
    <message>
        <source>A folder for models</source>
        <translation>存放模型的文件夹</translation>
    </message>
    <message>
        <source>Pause all</source>
        <translation>全部暂停</translation>
    </message>
    <message>
        <source>Resume all</source>
        <translation>全部继续</translation>
    </message>
    <message>
        <source>Clear finished</source>
        <translation>清除已完成</translation>
    </message>
    <message>
        <source>Takes what is complete off the list; the files stay.</source>
        <translation>将已完成的从列表移除；文件保留。</translation>
    </message>
    <message>
        <source>{title} is in the list already.</source>
        <translation>{title} 已在列表中。</translation>
    </message>
    <message>
        <source>New downloads go to {folder}. What is in the list already goes where it was meant to.</source>
        <translation>新的下载存放到 {folder}。列表中已有的仍存放到原定位置。</translation>
    </message>
    <message>
        <source>Nothing is being downloaded.</source>
        <translation>没有正在进行的下载。</translation>
    </message>
    <message>
        <source>Find a model</source>
        <translation>查找模型</translation>
    </message>
    <message>
        <source>General</source>
        <translation>常规</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Models and storage</source>
        <translation>模型与存储</translation>
    </message>
    <message>
        <source>Performance</source>
        <translation>性能</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Personas</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Privacy</source>
        <translation>隐私</translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>About</source>
        <translation>关于</translation>
    </message>
    <message>
        <source>Full colour: verified. Paler: downloaded, still to be verified.</source>
        <translation>深色：已校验。浅色：已下载，尚未校验。</translation>
    </message>
    <message>
        <source>Move this download</source>
        <translation>移动这个下载</translation>
    </message>
    <message>
        <source>Drag to change the order (Alt+Up, Alt+Down)</source>
        <translation>拖动以改变顺序（Alt+上、Alt+下）</translation>
    </message>
    <message>
        <source>Space pauses or resumes, Enter shows the files, Delete cancels, Alt with the up or down arrow moves it.</source>
        <translation>空格暂停或继续，Enter 显示文件，Delete 取消，Alt 加上下箭头移动。</translation>
    </message>
    <message>
        <source>Downloads, first to last</source>
        <translation>下载，从先到后</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>排队中</translation>
    </message>
    <message>
        <source>Checking</source>
        <translation>检查中</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>进行中</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>Disk full</source>
        <translation>磁盘已满</translation>
    </message>
    <message>
        <source>Asks</source>
        <translation>需要回答</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Complete</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>Verifying</source>
        <translation>校验中</translation>
    </message>
    <message>
        <source>1 file</source>
        <translation>1 个文件</translation>
    </message>
    <message>
        <source>{number} files</source>
        <translation>{number} 个文件</translation>
    </message>
    <message>
        <source>{number} of {whole}</source>
        <translation>{number} / {whole}</translation>
    </message>
    <message>
        <source>{have} of {whole}</source>
        <translation>{have} / {whole}</translation>
    </message>
    <message>
        <source>{verified} verified</source>
        <translation>已校验 {verified}</translation>
    </message>
    <message>
        <source>a few seconds left</source>
        <translation>还剩几秒</translation>
    </message>
    <message>
        <source>all in a few seconds</source>
        <translation>几秒后全部完成</translation>
    </message>
    <message>
        <source>all in about {seconds}</source>
        <translation>约 {seconds}后全部完成</translation>
    </message>
    <message>
        <source>{figure} tokens/s</source>
        <translation>{figure} token/秒</translation>
    </message>
    <message>
        <source>1 token</source>
        <translation>1 个 token</translation>
    </message>
    <message>
        <source>{number} tokens</source>
        <translation>{number} 个 token</translation>
    </message>
    <message>
        <source>first token {first_token}</source>
        <translation>首个 token {first_token}</translation>
    </message>
    <message>
        <source>{cached} of {prompt} prompt tokens reused</source>
        <translation>提示词 {prompt} 个 token 中复用 {cached} 个</translation>
    </message>
    <message>
        <source>{prompt} prompt tokens</source>
        <translation>提示词 {prompt} 个 token</translation>
    </message>
    <message>
        <source>, {cached} reused</source>
        <translation>，复用 {cached} 个</translation>
    </message>
    <message>
        <source>{done} of {total} tokens{reused}</source>
        <translation>{total} 个 token 中的 {done} 个{reused}</translation>
    </message>
    <message>
        <source>Reading the prompt: {value}% ({read})</source>
        <translation>正在读取提示词：{value}%（{read}）</translation>
    </message>
    <message>
        <source>about {seconds} left</source>
        <translation>还剩约 {seconds}</translation>
    </message>
    <message>
        <source>Starts when those before it are through.</source>
        <translation>等前面的完成后开始。</translation>
    </message>
    <message>
        <source>Looking at the disk and at what is there already.</source>
        <translation>正在查看磁盘和已有的内容。</translation>
    </message>
    <message>
        <source>All bytes are here; {share} of them are compared with the checksum.</source>
        <translation>所有字节都已到位；已与校验和比对 {share}。</translation>
    </message>
    <message>
        <source>Needs {needed} more room in {folder}. It goes on by itself when there is room.</source>
        <translation>{folder} 还需要 {needed} 空间。有空间后会自动继续。</translation>
    </message>
    <message>
        <source>In {job}</source>
        <translation>{job} 后</translation>
    </message>
    <message>
        <source>Next try in {left:.0f} s.</source>
        <translation>{left:.0f} 秒后重试。</translation>
    </message>
    <message>
        <source>Trying again now.</source>
        <translation>正在重试。</translation>
    </message>
    <message>
        <source>A file has changed on the server.</source>
        <translation>服务器上的一个文件发生了变化。</translation>
    </message>
    <message>
        <source>{name} was replaced on the server after this download began; it is another file of {size} now. What came of the old one cannot be used for it.</source>
        <translation>{name} 在下载开始后被替换；现在是另一个文件，大小 {size}。旧文件已下载的部分不能用于新文件。</translation>
    </message>
    <message>
        <source>{unfinished} of unfinished files are thrown away.</source>
        <translation>将丢弃未完成文件的 {unfinished}。</translation>
    </message>
    <message>
        <source>1 complete file stays</source>
        <translation>保留 1 个完整文件</translation>
    </message>
    <message>
        <source>{complete} complete files stay</source>
        <translation>保留 {complete} 个完整文件</translation>
    </message>
    <message>
        <source>{stay} ({size}).</source>
        <translation>{stay}（{size}）。</translation>
    </message>
    <message>
        <source>complete</source>
        <translation>完整</translation>
    </message>
    <message>
        <source>{done} of {jobs} complete, nothing is running.</source>
        <translation>{jobs} 个中已完成 {done} 个，没有正在进行的下载。</translation>
    </message>
    <message>
        <source>{going_on} in the queue</source>
        <translation>队列中 {going_on} 个</translation>
    </message>
    <message>
        <source>and {gpus} more GPUs</source>
        <translation>以及另外 {gpus} 块 GPU</translation>
    </message>
    <message>
        <source>none found; the processor does the work</source>
        <translation>没有找到；由处理器完成</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source> · {usable_cores} cores usable</source>
        <translation> · {usable_cores} 个核心可用</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>nominal</source>
        <translation>标称</translation>
    </message>
    <message>
        <source>as the driver says</source>
        <translation>驱动报告</translation>
    </message>
    <message>
        <source>ok</source>
        <translation>正常</translation>
    </message>
    <message>
        <source>unreadable</source>
        <translation>无法读取</translation>
    </message>
    <message>
        <source>lost</source>
        <translation>已失联</translation>
    </message>
    <message>
        <source>reset required</source>
        <translation>需要重置</translation>
    </message>
    <message>
        <source>no driver</source>
        <translation>没有驱动</translation>
    </message>
    <message>
        <source>missing</source>
        <translation>未安装</translation>
    </message>
    <message>
        <source>timed out</source>
        <translation>超时</translation>
    </message>
    <message>
        <source>crashed</source>
        <translation>崩溃</translation>
    </message>
    <message>
        <source>not asked</source>
        <translation>未查询</translation>
    </message>
    <message>
        <source>cpu</source>
        <translation>处理器</translation>
    </message>
    <message>
        <source>gpu</source>
        <translation>独立显卡</translation>
    </message>
    <message>
        <source>igpu</source>
        <translation>集成显卡</translation>
    </message>
    <message>
        <source>accel</source>
        <translation>加速器</translation>
    </message>
    <message>
        <source>other</source>
        <translation>其他</translation>
    </message>
    <message>
        <source>What to know</source>
        <translation>须知</translation>
    </message>
    <message>
        <source>This computer</source>
        <translation>这台电脑</translation>
    </message>
    <message>
        <source>GPU: {name}</source>
        <translation>GPU：{name}</translation>
    </message>
    <message>
        <source>GPU: none found</source>
        <translation>GPU：没有找到</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>System</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>Processor</source>
        <translation>处理器</translation>
    </message>
    <message>
        <source>limited by {source}; the host has {total}</source>
        <translation>受 {source} 限制；宿主机有 {total}</translation>
    </message>
    <message>
        <source>Memory speed</source>
        <translation>内存速度</translation>
    </message>
    <message>
        <source>Swap</source>
        <translation>交换空间</translation>
    </message>
    <message>
        <source>Disk</source>
        <translation>磁盘</translation>
    </message>
    <message>
        <source>NVIDIA driver</source>
        <translation>NVIDIA 驱动</translation>
    </message>
    <message>
        <source>{driver_version}, CUDA up to {cuda_version}</source>
        <translation>{driver_version}，最高支持 CUDA {cuda_version}</translation>
    </message>
    <message>
        <source>Environment</source>
        <translation>环境变量</translation>
    </message>
    <message>
        <source>cores</source>
        <translation>核</translation>
    </message>
    <message>
        <source>threads</source>
        <translation>线程</translation>
    </message>
    <message>
        <source>{usable_cores} usable</source>
        <translation>{usable_cores} 可用</translation>
    </message>
    <message>
        <source>{text} ({note})</source>
        <translation>{text}（{note}）</translation>
    </message>
    <message>
        <source>{measured_bytes_per_second} measured</source>
        <translation>实测 {measured_bytes_per_second}</translation>
    </message>
    <message>
        <source>{nominal_bytes_per_second} nominal ({nominal_source})</source>
        <translation>标称 {nominal_bytes_per_second}（{nominal_source}）</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>hard disk</source>
        <translation>机械硬盘</translation>
    </message>
    <message>
        <source>flash</source>
        <translation>固态硬盘</translation>
    </message>
    <message>
        <source>{path}: {free} free of {total}</source>
        <translation>{path}：可用 {free}，共 {total}</translation>
    </message>
    <message>
        <source>{reserved} reserved by the driver</source>
        <translation>驱动保留 {reserved}</translation>
    </message>
    <message>
        <source>Used by engine</source>
        <translation>引擎使用</translation>
    </message>
    <message>
        <source>Compute level</source>
        <translation>计算能力</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>架构</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Visible</source>
        <translation>可见</translation>
    </message>
    <message>
        <source>no: hidden by the environment</source>
        <translation>否：被环境变量隐藏</translation>
    </message>
    <message>
        <source>PCI bus</source>
        <translation>PCI 总线</translation>
    </message>
    <message>
        <source>Display</source>
        <translation>显示器</translation>
    </message>
    <message>
        <source>attached</source>
        <translation>已连接</translation>
    </message>
    <message>
        <source>{cores} GPU cores.</source>
        <translation>{cores} 个 GPU 核心。</translation>
    </message>
    <message>
        <source>a MIG slice</source>
        <translation>一个 MIG 分区</translation>
    </message>
    <message>
        <source>no MIG slice visible</source>
        <translation>看不到 MIG 分区</translation>
    </message>
    <message>
        <source>{text} (shared with the system)</source>
        <translation>{text}（与系统共享）</translation>
    </message>
    <message>
        <source>{text} ({memory_bus_bits} bits at {memory_clock_mhz} MHz)</source>
        <translation>{text}（{memory_bus_bits} 位，{memory_clock_mhz} MHz）</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>generation {generation} x{width}</source>
        <translation>第 {generation} 代 x{width}</translation>
    </message>
    <message>
        <source>{now} of generation {max_generation} x{max_width}</source>
        <translation>{now}，最高第 {max_generation} 代 x{max_width}</translation>
    </message>
    <message>
        <source> (used)</source>
        <translation>（使用中）</translation>
    </message>
    <message>
        <source>MIG slice</source>
        <translation>MIG 实例</translation>
    </message>
    <message>
        <source>Process</source>
        <translation>进程</translation>
    </message>
    <message>
        <source>{name} ({kind}; {memory})</source>
        <translation>{name}（{kind}；{memory}）</translation>
    </message>
    <message>
        <source>{size} free</source>
        <translation>可用 {size}</translation>
    </message>
    <message>
        <source>free: unknown</source>
        <translation>可用：未知</translation>
    </message>
    <message>
        <source>{total}, {free}</source>
        <translation>{total}，{free}</translation>
    </message>
    <message>
        <source>{room} in {folder}</source>
        <translation>{folder}：{room}</translation>
    </message>
    <message>
        <source>No GLM model fits this machine</source>
        <translation>没有 GLM 模型适合这台机器</translation>
    </message>
    <message>
        <source>The demo model runs everywhere.</source>
        <translation>演示模型在任何机器上都能运行。</translation>
    </message>
    <message>
        <source>The disk lacks {missing} for it.</source>
        <translation>磁盘还缺 {missing}。</translation>
    </message>
    <message>
        <source>about </source>
        <translation>约 </translation>
    </message>
    <message>
        <source>Quality: {grade} ({how}).</source>
        <translation>质量：{grade}（{how}）。</translation>
    </message>
    <message>
        <source>The best quality that answers at {speed:g} tokens/s or more here.</source>
        <translation>在这里能以 {speed:g} token/秒或更快回答的最佳质量。</translation>
    </message>
    <message>
        <source>{model} itself does not fit this machine; this is its smaller sibling.</source>
        <translation>{model} 本身不适合这台机器；这是它较小的同系列模型。</translation>
    </message>
    <message>
        <source>{model} itself would be slow here: {quant}, {generation_empty}.</source>
        <translation>{model} 本身在这里会很慢：{quant}，{generation_empty}。</translation>
    </message>
    <message>
        <source>{model} does not fit this machine, and this smaller sibling is slow here: the quickest there is.</source>
        <translation>{model} 不适合这台机器，而这个较小的同系列模型在这里较慢：这是最快的选择。</translation>
    </message>
    <message>
        <source>{figure}{value} of {total} {kind}</source>
        <translation>{kind} {figure}{value} / {total}</translation>
    </message>
    <message>
        <source>Its figures are estimated from the model&apos;s published dimensions.</source>
        <translation>它的数值由公布的模型维度估算。</translation>
    </message>
    <message>
        <source>Sizes are those of {generated}; how they are made up is estimated from the model&apos;s dimensions.</source>
        <translation>大小为 {generated} 的数值；其构成由模型维度估算。</translation>
    </message>
    <message>
        <source> shared with the system</source>
        <translation> 与系统共享</translation>
    </message>
    <message>
        <source>not used by the engine</source>
        <translation>引擎未使用</translation>
    </message>
    <message>
        <source>size unknown</source>
        <translation>大小未知</translation>
    </message>
    <message>
        <source>{total}, {free} free</source>
        <translation>{total}，可用 {free}</translation>
    </message>
    <message>
        <source>Recommended here</source>
        <translation>推荐</translation>
    </message>
    <message>
        <source>Reading the files&apos; headers</source>
        <translation>正在读取文件头</translation>
    </message>
    <message>
        <source>Download and chat</source>
        <translation>下载并聊天</translation>
    </message>
    <message>
        <source>Offline: {offline}</source>
        <translation>离线：{offline}</translation>
    </message>
    <message>
        <source>Nothing can be recommended now</source>
        <translation>现在无法给出推荐</translation>
    </message>
    <message>
        <source>Comparing the files with this machine.</source>
        <translation>正在将文件与这台机器比较。</translation>
    </message>
    <message>
        <source>Look for it on the Hub</source>
        <translation>在 Hub 上查找</translation>
    </message>
    <message>
        <source>Recommended here: a smaller sibling</source>
        <translation>推荐：较小的同系列模型</translation>
    </message>
    <message>
        <source>The nearest to it here</source>
        <translation>最接近的选择</translation>
    </message>
    <message>
        <source>This machine is too small</source>
        <translation>这台机器太小</translation>
    </message>
    <message>
        <source> ({done} of {total})</source>
        <translation>（{total} 中的 {done}）</translation>
    </message>
    <message>
        <source>The files&apos; headers are being read for exact figures{count}.</source>
        <translation>正在读取文件头以获得准确数值{count}。</translation>
    </message>
    <message>
        <source>to know</source>
        <translation>须知</translation>
    </message>
    <message>
        <source>! problem</source>
        <translation>! 问题</translation>
    </message>
    <message>
        <source>Copy command</source>
        <translation>复制命令</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Recommended: {title}</source>
        <translation>推荐：{title}</translation>
    </message>
    <message>
        <source>Looking at this machine…</source>
        <translation>正在查看这台机器…</translation>
    </message>
    <message>
        <source>All about this machine</source>
        <translation>关于这台机器的全部信息</translation>
    </message>
    <message>
        <source>Use a file on this disk…</source>
        <translation>使用磁盘上的文件…</translation>
    </message>
    <message>
        <source>Try the demo model</source>
        <translation>试用演示模型</translation>
    </message>
    <message>
        <source>Skip</source>
        <translation>跳过</translation>
    </message>
    <message>
        <source>Go to the chat (Esc)</source>
        <translation>转到聊天（Esc）</translation>
    </message>
    <message>
        <source>Already on this disk</source>
        <translation>已在磁盘上</translation>
    </message>
    <message>
        <source>What this machine can run</source>
        <translation>这台机器能运行什么</translation>
    </message>
    <message>
        <source>GLM-4.6 answers on your own machine; nothing you write leaves it unless you let a tool send it. This is what was found here, and what to start with.</source>
        <translation>GLM-4.6 在你自己的机器上回答；除非你允许工具发送，否则你写的内容不会离开它。这是在这里找到的硬件，以及可以从什么开始。</translation>
    </message>
    <message>
        <source>First steps</source>
        <translation>开始使用</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>context full</source>
        <translation>上下文已满</translation>
    </message>
    <message>
        <source>Looking for what can be done…</source>
        <translation>正在查看可以怎么做…</translation>
    </message>
    <message>
        <source>Send now</source>
        <translation>立即发送</translation>
    </message>
    <message>
        <source>Leave out</source>
        <translation>不再发送</translation>
    </message>
    <message>
        <source>Summarize</source>
        <translation>生成摘要</translation>
    </message>
    <message>
        <source>Ask it in a new chat, without what was said here. This chat stays.</source>
        <translation>在新聊天中提问，不带这里说过的内容。这个聊天会保留。</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新聊天</translation>
    </message>
    <message>
        <source>Looking for larger contexts that fit into the memory…</source>
        <translation>正在查找内存放得下的更大上下文…</translation>
    </message>
    <message>
        <source>Or load the model again with a larger context:</source>
        <translation>或以更大的上下文重新加载模型：</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Change the question</source>
        <translation>更改问题</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>稍后</translation>
    </message>
    <message>
        <source>{repo} does not offer {quant} any more.</source>
        <translation>{repo} 不再提供 {quant}。</translation>
    </message>
    <message>
        <source>Its files have been renamed or removed.</source>
        <translation>它的文件已改名或删除。</translation>
    </message>
    <message>
        <source>Choose another quantization on the Models page.</source>
        <translation>请在“模型”页选择其他量化版本。</translation>
    </message>
    <message>
        <source>checking the file</source>
        <translation>正在检查文件</translation>
    </message>
    <message>
        <source>reading the weights</source>
        <translation>正在读取权重</translation>
    </message>
    <message>
        <source>preparing the context</source>
        <translation>正在准备上下文</translation>
    </message>
    <message>
        <source>Loading {name}</source>
        <translation>正在加载 {name}</translation>
    </message>
    <message>
        <source>looking at the file and this machine…</source>
        <translation>正在查看文件和这台机器…</translation>
    </message>
    <message>
        <source>about {max} left</source>
        <translation>还剩约 {max}</translation>
    </message>
    <message>
        <source>Open another file…</source>
        <translation>打开其他文件…</translation>
    </message>
    <message>
        <source>Go on with {name}</source>
        <translation>继续使用 {name}</translation>
    </message>
    <message>
        <source>Use the demo model</source>
        <translation>使用演示模型</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation>正在加载模型</translation>
    </message>
    <message>
        <source>The download is no longer in the list.</source>
        <translation>这个下载已不在列表中。</translation>
    </message>
    <message>
        <source>It was removed there.</source>
        <translation>它已在列表中被移除。</translation>
    </message>
    <message>
        <source>Start it again.</source>
        <translation>请重新开始。</translation>
    </message>
    <message>
        <source>{title}: {sentence} Downloads has what can be done.</source>
        <translation>{title}：{sentence} 请到“下载”页处理。</translation>
    </message>
    <message>
        <source>The download of {title} goes on where it stopped.</source>
        <translation>{title} 的下载从停止处继续。</translation>
    </message>
    <message>
        <source>{going_on} downloads ({total}) go on where they stopped.</source>
        <translation>{going_on} 个下载（{total}）从停止处继续。</translation>
    </message>
    <message>
        <source>Verify</source>
        <translation>校验</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>Looking at what is on the Hub and on this disk.</source>
        <translation>正在查看 Hub 和磁盘上的内容。</translation>
    </message>
    <message>
        <source>planning the load for this machine</source>
        <translation>正在为这台机器规划加载</translation>
    </message>
    <message>
        <source>It is on this disk. Loading it replaces {open_now}.</source>
        <translation>它已在磁盘上。加载它会替换 {open_now}。</translation>
    </message>
    <message>
        <source>It is on this disk. It does not fit as it is: see the plan in the chat.</source>
        <translation>它已在磁盘上。目前的设置放不下：请在聊天页查看规划。</translation>
    </message>
    <message>
        <source>Ready.</source>
        <translation>就绪。</translation>
    </message>
    <message>
        <source>Loading was stopped. The file is on this disk.</source>
        <translation>加载已停止。文件在磁盘上。</translation>
    </message>
    <message>
        <source>Stopped. The {have} that have come are kept.</source>
        <translation>已停止。已下载的 {have} 会保留。</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>已停止。</translation>
    </message>
    <message>
        <source>Waiting for the network.</source>
        <translation>等待网络。</translation>
    </message>
    <message>
        <source>Paused · {job}</source>
        <translation>已暂停 · {job}</translation>
    </message>
    <message>
        <source>Machine</source>
        <translation>机器</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Memory each</source>
        <translation>每块显存</translation>
    </message>
    <message>
        <source>Year</source>
        <translation>年份</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Memory it takes</source>
        <translation>占用的内存</translation>
    </message>
    <message>
        <source>Tokens/s</source>
        <translation>Token/秒</translation>
    </message>
    <message>
        <source>Build a machine with it</source>
        <translation>用它组装机器</translation>
    </message>
    <message>
        <source>GPUs, the best first</source>
        <translation>GPU，最佳的在前</translation>
    </message>
    <message>
        <source>The best GPU for {subject}</source>
        <translation>最适合 {subject} 的 GPU</translation>
    </message>
    <message>
        <source>{verdict} {memory}.</source>
        <translation>{verdict}{memory}。</translation>
    </message>
    <message>
        <source>GPU memory</source>
        <translation>显存</translation>
    </message>
    <message>
        <source>Nothing of this kind holds all of it. Allow more cards, or choose “With RAM too” to keep a part of the model in RAM.</source>
        <translation>没有这类显卡能全部放下。请允许更多显卡，或选择“加上内存”，把模型的一部分放在内存中。</translation>
    </message>
    <message>
        <source>No GPU of the table is like that and can run it. Clear a filter.</source>
        <translation>表中没有符合条件且能运行它的 GPU。请清除一个筛选条件。</translation>
    </message>
    <message>
        <source>{name} could not be written.</source>
        <translation>无法写入 {name}。</translation>
    </message>
    <message>
        <source>Text of a file</source>
        <translation>文件的文本</translation>
    </message>
    <message>
        <source>Send only a part…</source>
        <translation>只发送一部分…</translation>
    </message>
    <message>
        <source>Save as…</source>
        <translation>另存为…</translation>
    </message>
    <message>
        <source>Copy the text</source>
        <translation>复制文本</translation>
    </message>
    <message>
        <source>Close (Esc)</source>
        <translation>关闭（Esc）</translation>
    </message>
    <message>
        <source>Text of {name}</source>
        <translation>{name} 的文本</translation>
    </message>
    <message>
        <source>Show more ({count} characters left)</source>
        <translation>显示更多（还有 {count} 个字符）</translation>
    </message>
    <message>
        <source>Save the text</source>
        <translation>保存文本</translation>
    </message>
    <message>
        <source>Saved as {name}.</source>
        <translation>已保存为 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot be written.</source>
        <translation>无法写入 {name}。</translation>
    </message>
    <message>
        <source>Choose another folder.</source>
        <translation>请选择其他文件夹。</translation>
    </message>
    <message>
        <source>Saved as {name}. Any command takes it as --machine {name}.</source>
        <translation>已保存为 {name}。任何命令都可以用 --machine {name} 使用它。</translation>
    </message>
    <message>
        <source>Opened {name}.</source>
        <translation>已打开 {name}。</translation>
    </message>
    <message>
        <source>Quantizations on this machine</source>
        <translation>这台机器上的量化版本</translation>
    </message>
    <message>
        <source>Compare with this machine</source>
        <translation>与这台机器比较</translation>
    </message>
    <message>
        <source>Shows what each quantization does on the machine the program runs on</source>
        <translation>显示每个量化版本在运行本程序的机器上的表现</translation>
    </message>
    <message>
        <source>Copy as text</source>
        <translation>复制为文本</translation>
    </message>
    <message>
        <source>Start from this machine</source>
        <translation>从这台机器开始</translation>
    </message>
    <message>
        <source>Takes over the parts of the machine the program runs on</source>
        <translation>采用运行本程序的机器的部件</translation>
    </message>
    <message>
        <source>Make it an attachment</source>
        <translation>改为附件</translation>
    </message>
    <message>
        <source>Keep as text</source>
        <translation>保留为文本</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>The model reads text only and cannot see pictures. Describe it in words.</source>
        <translation>模型只能读取文本，看不到图片。请用文字描述。</translation>
    </message>
    <message>
        <source>The pasted text is too long. Save it as a file, and add a part of it.</source>
        <translation>粘贴的文本过长。请保存为文件，再添加其中一部分。</translation>
    </message>
    <message>
        <source>{count} characters were pasted.</source>
        <translation>粘贴了 {count} 个字符。</translation>
    </message>
    <message>
        <source>The pasted text is an attachment now ({count} characters).</source>
        <translation>粘贴的文本现在是附件（{count} 个字符）。</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>保存…</translation>
    </message>
    <message>
        <source>Open…</source>
        <translation>打开…</translation>
    </message>
    <message>
        <source>Plan models for it</source>
        <translation>为它规划模型</translation>
    </message>
    <message>
        <source>Shows the quantizations of every model on this machine instead of yours</source>
        <translation>用这台机器代替你的机器，显示每个模型的量化版本</translation>
    </message>
    <message>
        <source>This machine</source>
        <translation>这台机器</translation>
    </message>
    <message>
        <source>Save the machine</source>
        <translation>保存机器</translation>
    </message>
    <message>
        <source>Open a machine</source>
        <translation>打开机器</translation>
    </message>
    <message>
        <source>Machine files (*.json)</source>
        <translation>机器文件 (*.json)</translation>
    </message>
    <message>
        <source>Planning…</source>
        <translation>正在规划…</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Add files</source>
        <translation>添加文件</translation>
    </message>
    <message>
        <source>Add files to the question</source>
        <translation>向问题添加文件</translation>
    </message>
    <message>
        <source>This machine: {statement}</source>
        <translation>这台机器：{statement}</translation>
    </message>
    <message>
        <source>Choose a model first.</source>
        <translation>请先选择模型。</translation>
    </message>
    <message>
        <source>Quantization</source>
        <translation>量化版本</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>质量</translation>
    </message>
    <message>
        <source>What it takes of all this machine has.</source>
        <translation>它占用这台机器全部资源中的多少。</translation>
    </message>
    <message>
        <source>Predicted; the range is in each row&apos;s tooltip.</source>
        <translation>预测值；范围见每行的提示。</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>The same on the machine the program runs on.</source>
        <translation>在运行本程序的机器上的同一数值。</translation>
    </message>
    <message>
        <source>needs {missing} more</source>
        <translation>还需要 {missing}</translation>
    </message>
    <message>
        <source>est.</source>
        <translation>估算</translation>
    </message>
    <message>
        <source>best</source>
        <translation>最佳</translation>
    </message>
    <message>
        <source>from disk</source>
        <translation>从磁盘运行</translation>
    </message>
    <message>
        <source>nearly full</source>
        <translation>快满了</translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation>放不下</translation>
    </message>
    <message>
        <source>about {used}</source>
        <translation>约 {used}</translation>
    </message>
    <message>
        <source>{used} of {total}</source>
        <translation>{used} / {total}</translation>
    </message>
    <message>
        <source>{percent}%</source>
        <translation>{percent}%</translation>
    </message>
    <message>
        <source>about</source>
        <translation>约</translation>
    </message>
    <message>
        <source>{about}{used} of {total} tokens of context are used.</source>
        <translation>上下文已用 {about}{used}，共 {total} 个 token。</translation>
    </message>
    <message>
        <source>The next prompt takes {about}{used} of {total} tokens.</source>
        <translation>下一个提示词占 {about}{used}，共 {total} 个 token。</translation>
    </message>
    <message>
        <source>Untitled chat</source>
        <translation>未命名的聊天</translation>
    </message>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Call of {name}</source>
        <translation>调用 {name}</translation>
    </message>
    <message>
        <source>{value}Result of {name}</source>
        <translation>{value}{name} 的结果</translation>
    </message>
    <message>
        <source>Call that was not run: {reason}</source>
        <translation>没有运行的调用：{reason}</translation>
    </message>
    <message>
        <source>Attachment {name}{which}</source>
        <translation>附件 {name}{which}</translation>
    </message>
    <message>
        <source>Its text is not part of this chat.</source>
        <translation>它的文本不在这个聊天中。</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Summary of earlier messages</source>
        <translation>先前消息的摘要</translation>
    </message>
    <message>
        <source>Earlier messages</source>
        <translation>先前的消息</translation>
    </message>
    <message>
        <source>Attachments</source>
        <translation>附件</translation>
    </message>
    <message>
        <source>Your question</source>
        <translation>你的问题</translation>
    </message>
    <message>
        <source>The answer so far</source>
        <translation>目前的回答</translation>
    </message>
    <message>
        <source>Form of the chat</source>
        <translation>聊天格式</translation>
    </message>
    <message>
        <source>under 1%</source>
        <translation>不到 1%</translation>
    </message>
    <message>
        <source>It fits now.</source>
        <translation>现在放得下了。</translation>
    </message>
    <message>
        <source>This question does not fit into the context.</source>
        <translation>这个问题放不进上下文。</translation>
    </message>
    <message>
        <source>There is nothing to answer.</source>
        <translation>没有可以回答的内容。</translation>
    </message>
    <message>
        <source>The prompt is empty.</source>
        <translation>提示词是空的。</translation>
    </message>
    <message>
        <source>Write a text.</source>
        <translation>请写一些文字。</translation>
    </message>
    <message>
        <source>The conversation does not fit into the context.</source>
        <translation>对话放不进上下文。</translation>
    </message>
    <message>
        <source>It has {tokens} tokens; the context holds {room}, answer included.</source>
        <translation>它有 {tokens} 个 token；上下文共 {room} 个，包括回答。</translation>
    </message>
    <message>
        <source>Start a new conversation, shorten this one, or load the model with a larger context.</source>
        <translation>请开始新的对话、缩短这个对话，或以更大的上下文加载模型。</translation>
    </message>
    <message>
        <source>The context is full, so the answer had to stop.</source>
        <translation>上下文已满，回答只能停下。</translation>
    </message>
    <message>
        <source>The prompt takes {used} tokens and an answer needs {least} at least; the context holds {context}.</source>
        <translation>提示词占 {used} 个 token，回答至少需要 {least} 个；上下文共 {context} 个。</translation>
    </message>
    <message>
        <source>The model is loaded again with a larger context. The question goes on then.</source>
        <translation>模型正以更大的上下文重新加载。之后问题会继续。</translation>
    </message>
    <message>
        <source>The model summarizes the oldest messages. You see it above as it is written.</source>
        <translation>模型正在为最早的消息写摘要。你可以在上方看到它的生成过程。</translation>
    </message>
    <message>
        <source>The summary above takes the place of the oldest messages; you can edit it. The prompt takes {used} of {context} tokens now.</source>
        <translation>上方的摘要代替了最早的消息；你可以编辑它。提示词现在占 {used}，共 {context} 个 token。</translation>
    </message>
    <message>
        <source>It is too long even without earlier messages: shorten it or load a larger context.</source>
        <translation>即使没有先前的消息也太长：请缩短它，或加载更大的上下文。</translation>
    </message>
    <message>
        <source>Shorten it or load a larger context.</source>
        <translation>请缩短它，或加载更大的上下文。</translation>
    </message>
    <message>
        <source>Nothing was sent and nothing cut. What shall be done?</source>
        <translation>没有发送，也没有截断任何内容。要怎么做？</translation>
    </message>
    <message>
        <source>the oldest question</source>
        <translation>最早的问题</translation>
    </message>
    <message>
        <source>the {turns} oldest questions</source>
        <translation>最早的 {turns} 个问题</translation>
    </message>
    <message>
        <source>Leave out {turns} with their answers: frees {freed} tokens. They stay in the chat.</source>
        <translation>不再发送{turns}及其回答：释放 {freed} 个 token。它们仍保留在聊天中。</translation>
    </message>
    <message>
        <source>Let the model summarize them; the summary goes in their place and takes up to {tokens} tokens. You see it before anything is sent.</source>
        <translation>让模型生成摘要；摘要代替它们，最多占 {tokens} 个 token。发送之前你会先看到。</translation>
    </message>
    <message>
        <source>{size} tokens</source>
        <translation>{size} 个 token</translation>
    </message>
    <message>
        <source>{size}: {bytes} more memory</source>
        <translation>{size}：多占 {bytes} 内存</translation>
    </message>
    <message>
        <source>as fast as now, as predicted</source>
        <translation>预计与现在一样快</translation>
    </message>
    <message>
        <source>predicted {after} instead of {before} tokens/s</source>
        <translation>预计 {after} 而不是 {before} token/秒</translation>
    </message>
    <message>
        <source>Summarizing the first {number} messages</source>
        <translation>正在为前 {number} 条消息写摘要</translation>
    </message>
    <message>
        <source>1 earlier message is not sent</source>
        <translation>先前有 1 条消息不发送</translation>
    </message>
    <message>
        <source>{number} earlier messages are not sent</source>
        <translation>先前有 {number} 条消息不发送</translation>
    </message>
    <message>
        <source>first message</source>
        <translation>第一条消息</translation>
    </message>
    <message>
        <source>first {number} messages</source>
        <translation>前 {number} 条消息</translation>
    </message>
    <message>
        <source>Summary of the {which}, sent in their place</source>
        <translation>{which}的摘要，代替它们发送</translation>
    </message>
    <message>
        <source>cut off at its longest length</source>
        <translation>达到最大长度后截断</translation>
    </message>
    <message>
        <source>{plan}, with a context of {context} tokens kept as {kv_type_k}</source>
        <translation>{plan}，上下文 {context} 个 token，以 {kv_type_k} 保存</translation>
    </message>
    <message>
        <source>Quality: {quality}</source>
        <translation>质量：{quality}</translation>
    </message>
    <message>
        <source>Answers at {generation_empty}</source>
        <translation>回答速度 {generation_empty}</translation>
    </message>
    <message>
        <source>Reads a prompt at {prefill_empty}</source>
        <translation>读取提示词的速度 {prefill_empty}</translation>
    </message>
    <message>
        <source>Its size is that of the list that ships with the program.</source>
        <translation>它的大小来自随程序附带的列表。</translation>
    </message>
    <message>
        <source>RAM of {ram_gib} GB at {speed}; the system and other programs keep a part of it.</source>
        <translation>{ram_gib} GB 内存，{speed}；系统和其他程序会占用一部分。</translation>
    </message>
    <message>
        <source>Search for a GPU</source>
        <translation>查找 GPU</translation>
    </message>
    <message>
        <source>Search: RTX 6000, Apple Ultra, 2025…</source>
        <translation>查找：RTX 6000、Apple Ultra、2025…</translation>
    </message>
    <message>
        <source>Vendor {vendor}</source>
        <translation>厂商 {vendor}</translation>
    </message>
    <message>
        <source>Kind: {kind}</source>
        <translation>类别：{kind}</translation>
    </message>
    <message>
        <source>Runs it</source>
        <translation>能运行</translation>
    </message>
    <message>
        <source>Only what can run it, alone or with RAM beside it</source>
        <translation>只显示能单独或借助内存运行它的</translation>
    </message>
    <message>
        <source>With RAM too</source>
        <translation>加上内存</translation>
    </message>
    <message>
        <source>Also one card that keeps a part of the model in RAM</source>
        <translation>也显示把模型的一部分放在内存的单卡</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>清除</translation>
    </message>
    <message>
        <source>Clear the filters</source>
        <translation>清除筛选条件</translation>
    </message>
    <message>
        <source>{m} GB or more</source>
        <translation>{m} GB 或更多</translation>
    </message>
    <message>
        <source>any</source>
        <translation>任意</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>自</translation>
    </message>
    <message>
        <source>any year</source>
        <translation>任意年份</translation>
    </message>
    <message>
        <source>since {y}</source>
        <translation>{y} 年起</translation>
    </message>
    <message>
        <source>Cards</source>
        <translation>显卡</translation>
    </message>
    <message>
        <source>any number</source>
        <translation>任意数量</translation>
    </message>
    <message>
        <source>{n} at most</source>
        <translation>最多 {n} 块</translation>
    </message>
    <message>
        <source>a single one</source>
        <translation>单块</translation>
    </message>
    <message>
        <source>Sizes are those of the list that ships with the program; how they are made up is estimated.</source>
        <translation>大小来自随程序附带的列表；其构成为估算值。</translation>
    </message>
    <message>
        <source>GPUs that can run it</source>
        <translation>能运行它的 GPU</translation>
    </message>
    <message>
        <source>Sorted by</source>
        <translation>排序方式</translation>
    </message>
    <message>
        <source>name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>By {name}</source>
        <translation>按{name}</translation>
    </message>
    <message>
        <source>GPUs that can run {subject}</source>
        <translation>能运行 {subject} 的 GPU</translation>
    </message>
    <message>
        <source>{about} (estimated)</source>
        <translation>{about}（估算）</translation>
    </message>
    <message>
        <source>No GPU of the table is like that. Clear a filter, or search for other words.</source>
        <translation>表中没有这样的 GPU。请清除一个筛选条件，或换个词查找。</translation>
    </message>
    <message>
        <source>Kept in the description of the machine. Answers from RAM are bound by its bandwidth, so the prediction does not depend on the number of cores.</source>
        <translation>保存在机器描述中。从内存回答受内存带宽限制，因此预测与核心数量无关。</translation>
    </message>
    <message>
        <source>Speed of the RAM</source>
        <translation>内存速度</translation>
    </message>
    <message>
        <source>Other…</source>
        <translation>其他…</translation>
    </message>
    <message>
        <source>Memory channels</source>
        <translation>内存通道</translation>
    </message>
    <message>
        <source> channels</source>
        <translation> 通道</translation>
    </message>
    <message>
        <source>Transfers</source>
        <translation>传输速率</translation>
    </message>
    <message>
        <source>Processor cores</source>
        <translation>处理器核心</translation>
    </message>
    <message>
        <source> cores</source>
        <translation> 核</translation>
    </message>
    <message>
        <source>PCI Express of the first slot</source>
        <translation>第一个插槽的 PCI Express</translation>
    </message>
    <message>
        <source>PCIe {generation}.0 x16</source>
        <translation>PCIe {generation}.0 x16</translation>
    </message>
    <message>
        <source>How fast weights in RAM reach the first card while it reads a prompt.</source>
        <translation>读取提示词时，内存中的权重到达第一块显卡的速度。</translation>
    </message>
    <message>
        <source>Add a GPU or choose a whole machine</source>
        <translation>添加 GPU 或选择整机</translation>
    </message>
    <message>
        <source>Add a GPU: RTX 4090, M3 Ultra…</source>
        <translation>添加 GPU：RTX 4090、M3 Ultra…</translation>
    </message>
    <message>
        <source>How many {name}</source>
        <translation>{name} 的数量</translation>
    </message>
    <message>
        <source>Take out {name}</source>
        <translation>取出 {name}</translation>
    </message>
    <message>
        <source>No GPU: the processor does all of it.</source>
        <translation>没有 GPU：全部由处理器完成。</translation>
    </message>
    <message>
        <source>Its speed</source>
        <translation>内存速度</translation>
    </message>
    <message>
        <source>Slot</source>
        <translation>插槽</translation>
    </message>
    <message>
        <source>Parts</source>
        <translation>部件</translation>
    </message>
    <message>
        <source>RAM beside the cards</source>
        <translation>显卡之外的内存</translation>
    </message>
    <message>
        <source>What the processor reads of the model comes at the speed of this RAM.</source>
        <translation>处理器以这个内存速度读取模型。</translation>
    </message>
    <message>
        <source>{label}, {speed}</source>
        <translation>{label}，{speed}</translation>
    </message>
    <message>
        <source>Planning</source>
        <translation>正在规划</translation>
    </message>
    <message>
        <source>: {done} of {total}</source>
        <translation>：{total} 中的 {done}</translation>
    </message>
    <message>
        <source>Planning it on every GPU of the table{of}.</source>
        <translation>正在表中的每块 GPU 上规划{of}。</translation>
    </message>
    <message>
        <source> What is shown is for an earlier choice.</source>
        <translation> 显示的是先前选择的结果。</translation>
    </message>
    <message>
        <source>Choose a model and a quantization first.</source>
        <translation>请先选择模型和量化版本。</translation>
    </message>
    <message>
        <source>What each number of cards brings</source>
        <translation>各显卡数量带来的效果</translation>
    </message>
    <message>
        <source>Source: {source}</source>
        <translation>来源：{source}</translation>
    </message>
    <message>
        <source>It is too small, and so is any number of it that one computer can have.</source>
        <translation>它太小，一台电脑所能容纳的任何数量都不够。</translation>
    </message>
    <message>
        <source>It is too small.</source>
        <translation>它太小。</translation>
    </message>
    <message>
        <source>The whole machine</source>
        <translation>整机</translation>
    </message>
    <message>
        <source>{what}, {ram_gib} GB RAM</source>
        <translation>{what}，{ram_gib} GB 内存</translation>
    </message>
    <message>
        <source>Build</source>
        <translation>组装</translation>
    </message>
    <message>
        <source>Build a machine with {text}</source>
        <translation>用 {text} 组装机器</translation>
    </message>
    <message>
        <source>See every quantization on a machine with {text}</source>
        <translation>查看每个量化版本在装有 {text} 的机器上的表现</translation>
    </message>
    <message>
        <source>Find the best GPU</source>
        <translation>查找最佳 GPU</translation>
    </message>
    <message>
        <source>Build a machine</source>
        <translation>组装机器</translation>
    </message>
    <message>
        <source>Vendor</source>
        <translation>厂商</translation>
    </message>
    <message>
        <source>As on the box; these GB are GiB.</source>
        <translation>与包装盒上相同；这里的 GB 是 GiB。</translation>
    </message>
    <message>
        <source>Bandwidth</source>
        <translation>带宽</translation>
    </message>
    <message>
        <source>Needed</source>
        <translation>需要</translation>
    </message>
    <message>
        <source>How many hold all of it in GPU memory.</source>
        <translation>多少块的显存能全部放下。</translation>
    </message>
    <message>
        <source>Of all these cards together, or of one card and RAM where they are not enough.</source>
        <translation>占这些显卡合计的多少；不够时为一块显卡加内存的合计。</translation>
    </message>
    <message>
        <source>Predicted, with all of it in GPU memory.</source>
        <translation>预测值，全部放在显存中时。</translation>
    </message>
    <message>
        <source>One card and RAM</source>
        <translation>单卡加内存</translation>
    </message>
    <message>
        <source>The least RAM that holds the rest, and the speed with it.</source>
        <translation>能放下其余部分的最少内存，以及相应的速度。</translation>
    </message>
    <message>
        <source>{model} in {quant}</source>
        <translation>{model} 的 {quant}</translation>
    </message>
    <message>
        <source>{tokens} tokens of context kept as {kv_type_k} · {rough}{size} of weights</source>
        <translation>{tokens} 个 token 的上下文，以 {kv_type_k} 保存 · 权重 {rough}{size}</translation>
    </message>
    <message>
        <source>{alone} of {rows} can hold all of it</source>
        <translation>{rows} 块中有 {alone} 块能全部放下</translation>
    </message>
    <message>
        <source>{told}, {beside} more run it with RAM beside them.</source>
        <translation>{told}，另有 {beside} 块可借助内存运行。</translation>
    </message>
    <message>
        <source>fits</source>
        <translation>放得下</translation>
    </message>
    <message>
        <source>yours</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>fits in part</source>
        <translation>能放下一部分</translation>
    </message>
    <message>
        <source>too small</source>
        <translation>太小</translation>
    </message>
    <message>
        <source>more than {most_devices}</source>
        <translation>多于 {most_devices}</translation>
    </message>
    <message>
        <source>1 card</source>
        <translation>1 块显卡</translation>
    </message>
    <message>
        <source>{cards} cards</source>
        <translation>{cards} 块显卡</translation>
    </message>
    <message>
        <source>This machine has it.</source>
        <translation>这台机器有它。</translation>
    </message>
    <message>
        <source>{bytes_per_second:,.0f} GB/s to its memory.</source>
        <translation>显存带宽 {bytes_per_second:,.0f} GB/s。</translation>
    </message>
    <message>
        <source>Not enough, however many of it one computer can have.</source>
        <translation>无论一台电脑装多少块都不够。</translation>
    </message>
    <message>
        <source>{who} and {ram_gib} GB of RAM</source>
        <translation>{who} 和 {ram_gib} GB 内存</translation>
    </message>
    <message>
        <source>{who}: {verdict} {memory}.</source>
        <translation>{who}：{verdict}{memory}。</translation>
    </message>
    <message>
        <source>{told} {rate}.</source>
        <translation>{told}{rate}。</translation>
    </message>
    <message>
        <source>The RAM is taken to be read at {ram:.0f} GB/s.</source>
        <translation>内存读取速度按 {ram:.0f} GB/s 计算。</translation>
    </message>
    <message>
        <source>{told} Boards for so much of it have more channels and are faster; choose such RAM under “Find the best GPU”.</source>
        <translation>{told}支持这么多内存的主板通道更多、速度更快；可在“查找最佳 GPU”中选择这样的内存。</translation>
    </message>
    <message>
        <source>~{used} of {free}</source>
        <translation>~{used} / {free}</translation>
    </message>
    <message>
        <source>weights on the GPU</source>
        <translation>GPU 上的权重</translation>
    </message>
    <message>
        <source>weights in RAM</source>
        <translation>内存中的权重</translation>
    </message>
    <message>
        <source>context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>work buffers</source>
        <translation>计算缓冲</translation>
    </message>
    <message>
        <source>overhead</source>
        <translation>额外开销</translation>
    </message>
    <message>
        <source>RAM</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>memory of {names}</source>
        <translation>{names} 的显存</translation>
    </message>
    <message>
        <source>{used} of {total} used</source>
        <translation>已用 {used} / {total}</translation>
    </message>
    <message>
        <source>load not known yet</source>
        <translation>负载尚不清楚</translation>
    </message>
    <message>
        <source>{percent:.0f}% busy</source>
        <translation>占用 {percent:.0f}%</translation>
    </message>
    <message>
        <source>GPU {index}</source>
        <translation>GPU {index}</translation>
    </message>
    <message>
        <source>lost: restart the computer</source>
        <translation>已掉线：请重启电脑</translation>
    </message>
    <message>
        <source>memory unknown</source>
        <translation>显存未知</translation>
    </message>
    <message>
        <source> (last known)</source>
        <translation>（最后已知）</translation>
    </message>
    <message>
        <source>fan {fan_percent}%</source>
        <translation>风扇 {fan_percent}%</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>复制报告</translation>
    </message>
    <message>
        <source>Show report</source>
        <translation>显示报告</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>保存报告</translation>
    </message>
    <message>
        <source>The report was not saved.</source>
        <translation>报告没有保存。</translation>
    </message>
    <message>
        <source>The file could not be written: {strerror}.</source>
        <translation>无法写入文件：{strerror}。</translation>
    </message>
    <message>
        <source>Saved: {path}</source>
        <translation>已保存：{path}</translation>
    </message>
    <message>
        <source>The report was copied.</source>
        <translation>报告已复制。</translation>
    </message>
    <message>
        <source>Hide report</source>
        <translation>隐藏报告</translation>
    </message>
    <message>
        <source>The processor does all of it.</source>
        <translation>全部由处理器完成。</translation>
    </message>
    <message>
        <source>Open model</source>
        <translation>打开的模型</translation>
    </message>
    <message>
        <source>No model is open.</source>
        <translation>没有打开模型。</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>刷新</translation>
    </message>
    <message>
        <source>Save report…</source>
        <translation>保存报告…</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
    <message>
        <source>Hardware</source>
        <translation>硬件</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>{context:,} tokens</source>
        <translation>{context:,} 个 token</translation>
    </message>
    <message>
        <source>Placement</source>
        <translation>放置</translation>
    </message>
    <message>
        <source>Predicted</source>
        <translation>预计</translation>
    </message>
    <message>
        <source>Measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>a recorded machine: nothing of it is live</source>
        <translation>录制的机器：没有实时数据</translation>
    </message>
    <message>
        <source>Close the result</source>
        <translation>关闭结果</translation>
    </message>
    <message>
        <source>Find on this computer</source>
        <translation>在这台电脑上查找</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>顺序</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新查找</translation>
    </message>
    <message>
        <source>Add folder</source>
        <translation>添加文件夹</translation>
    </message>
    <message>
        <source>Asking the Hub for the rest of {title}</source>
        <translation>正在向 Hub 询问 {title} 的其余部分</translation>
    </message>
    <message>
        <source>{name} is sound</source>
        <translation>{name} 完好</translation>
    </message>
    <message>
        <source>{name} is damaged</source>
        <translation>{name} 已损坏</translation>
    </message>
    <message>
        <source>{name} differs from the Hub</source>
        <translation>{name} 与 Hub 上的不同</translation>
    </message>
    <message>
        <source>Move to trash</source>
        <translation>移到回收站</translation>
    </message>
    <message>
        <source>{question} Delete them all the same?</source>
        <translation>{question}仍要全部删除吗？</translation>
    </message>
    <message>
        <source>Delete them all the same</source>
        <translation>仍要全部删除</translation>
    </message>
    <message>
        <source>Keep them</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>{what} {why} Delete {title} for good?</source>
        <translation>{what} {why} 永久删除 {title}？</translation>
    </message>
    <message>
        <source>Archive</source>
        <translation>归档</translation>
    </message>
    <message>
        <source>Trash</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Rename or remove this folder</source>
        <translation>重命名或移除这个文件夹</translation>
    </message>
    <message>
        <source>Rename the folder…</source>
        <translation>重命名文件夹…</translation>
    </message>
    <message>
        <source>Name of the folder</source>
        <translation>文件夹名称</translation>
    </message>
    <message>
        <source>Remove the folder; its chats stay</source>
        <translation>移除文件夹；其中的聊天会保留</translation>
    </message>
    <message>
        <source>Move to folder</source>
        <translation>移到文件夹</translation>
    </message>
    <message>
        <source>Out of the folder</source>
        <translation>移出文件夹</translation>
    </message>
    <message>
        <source>New folder…</source>
        <translation>新建文件夹…</translation>
    </message>
    <message>
        <source>Markdown…</source>
        <translation>Markdown…</translation>
    </message>
    <message>
        <source>HTML, to be read or printed…</source>
        <translation>HTML，用于阅读或打印…</translation>
    </message>
    <message>
        <source>JSON, to be imported again…</source>
        <translation>JSON，可重新导入…</translation>
    </message>
    <message>
        <source>Plain text…</source>
        <translation>纯文本…</translation>
    </message>
    <message>
        <source>What you ask is kept here.</source>
        <translation>你问的内容保存在这里。</translation>
    </message>
    <message>
        <source>The archive is empty.</source>
        <translation>归档是空的。</translation>
    </message>
    <message>
        <source>The trash is empty.</source>
        <translation>回收站是空的。</translation>
    </message>
    <message>
        <source>Search chats</source>
        <translation>搜索聊天</translation>
    </message>
    <message>
        <source>Moved</source>
        <translation>已移动</translation>
    </message>
    <message>
        <source>Out of the folder now</source>
        <translation>已移出文件夹</translation>
    </message>
    <message>
        <source>Name of the new folder</source>
        <translation>新文件夹的名称</translation>
    </message>
    <message>
        <source>In the archive now</source>
        <translation>已移到归档</translation>
    </message>
    <message>
        <source>In the trash now</source>
        <translation>已移到回收站</translation>
    </message>
    <message>
        <source>Nothing holds “{text}”.</source>
        <translation>没有内容含有“{text}”。</translation>
    </message>
    <message>
        <source>This folder is empty.</source>
        <translation>这个文件夹是空的。</translation>
    </message>
    <message>
        <source>Delete for good</source>
        <translation>永久删除</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>取消置顶</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Out of the archive</source>
        <translation>移出归档</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Written to {name}</source>
        <translation>已写入 {name}</translation>
    </message>
    <message>
        <source>Copied as Markdown</source>
        <translation>已复制为 Markdown</translation>
    </message>
    <message>
        <source>Export the chat</source>
        <translation>导出聊天</translation>
    </message>
    <message>
        <source>Which chats are listed</source>
        <translation>列出哪些聊天</translation>
    </message>
    <message>
        <source>Emptying the trash frees {frees}.</source>
        <translation>清空回收站可释放 {frees}。</translation>
    </message>
    <message>
        <source>Frees {frees}.</source>
        <translation>释放 {frees}。</translation>
    </message>
    <message>
        <source>{title} is deleted</source>
        <translation>{title} 已删除</translation>
    </message>
    <message>
        <source>Finish download</source>
        <translation>完成下载</translation>
    </message>
    <message>
        <source>Repair</source>
        <translation>修复</translation>
    </message>
    <message>
        <source>Fetches again what is wrong, as little as possible</source>
        <translation>只重新获取有问题的部分</translation>
    </message>
    <message>
        <source>Reads every byte</source>
        <translation>读取每个字节</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>删除…</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Copy path</source>
        <translation>复制路径</translation>
    </message>
    <message>
        <source>Loaded</source>
        <translation>已加载</translation>
    </message>
    <message>
        <source>Models on this computer</source>
        <translation>这台电脑上的模型</translation>
    </message>
    <message>
        <source>Look through it from now on</source>
        <translation>从现在起查看这个文件夹</translation>
    </message>
    <message>
        <source>No</source>
        <translation>不</translation>
    </message>
    <message>
        <source>{folders} folders</source>
        <translation>{folders} 个文件夹</translation>
    </message>
    <message>
        <source>These are {models} models, and one can be open at a time. With {where} among your folders, they are listed under “On this computer”.</source>
        <translation>这里有 {models} 个模型，一次只能打开一个。将 {where} 加入你的文件夹后，它们会列在“在这台电脑上”。</translation>
    </message>
    <message>
        <source>Add folders</source>
        <translation>添加文件夹</translation>
    </message>
    <message>
        <source>Add a folder with models</source>
        <translation>添加存放模型的文件夹</translation>
    </message>
    <message>
        <source>By name</source>
        <translation>按名称</translation>
    </message>
    <message>
        <source>Largest first</source>
        <translation>最大的在前</translation>
    </message>
    <message>
        <source>Last used first</source>
        <translation>最近使用的在前</translation>
    </message>
    <message>
        <source>Troubled first</source>
        <translation>有问题的在前</translation>
    </message>
    <message>
        <source>Looking for models</source>
        <translation>正在查找模型</translation>
    </message>
    <message>
        <source>In the folders of this program and of others.</source>
        <translation>在本程序和其他程序的文件夹中。</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>全部显示</translation>
    </message>
    <message>
        <source>No model on this computer yet</source>
        <translation>这台电脑上还没有模型</translation>
    </message>
    <message>
        <source>Download one from the list of models, drop a .gguf file here, or add a folder.</source>
        <translation>请从模型列表下载一个、把 .gguf 文件拖到这里，或添加文件夹。</translation>
    </message>
    <message>
        <source> Looked through: {looked}.</source>
        <translation> 已查看：{looked}。</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation>没有找到</translation>
    </message>
    <message>
        <source>No model here has “{query}” in its name, place or state.</source>
        <translation>没有模型的名称、位置或状态含有“{query}”。</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Not complete</source>
        <translation>不完整</translation>
    </message>
    <message>
        <source>Broken</source>
        <translation>已损坏</translation>
    </message>
    <message>
        <source>Not loadable</source>
        <translation>无法加载</translation>
    </message>
    <message>
        <source>Looking</source>
        <translation>查看中</translation>
    </message>
    <message>
        <source>Verified</source>
        <translation>已校验</translation>
    </message>
    <message>
        <source>Checked</source>
        <translation>已检查</translation>
    </message>
    <message>
        <source>used {last_used}</source>
        <translation>{last_used}使用过</translation>
    </message>
    <message>
        <source>{days} days ago</source>
        <translation>{days} 天前</translation>
    </message>
    <message>
        <source>on {then:%Y-%m-%d}</source>
        <translation>{then:%Y-%m-%d}</translation>
    </message>
    <message>
        <source>{files} files</source>
        <translation>{files} 个文件</translation>
    </message>
    <message>
        <source>trained for {context} tokens</source>
        <translation>训练上下文 {context} 个 token</translation>
    </message>
    <message>
        <source>with {value}</source>
        <translation>附 {value}</translation>
    </message>
    <message>
        <source>{size} of {known} are here</source>
        <translation>已有 {size}，共 {known}</translation>
    </message>
    <message>
        <source>{number:.3g} {unit} parameters</source>
        <translation>{number:.3g} {unit}参数</translation>
    </message>
    <message>
        <source>{number} parameters</source>
        <translation>{number} 个参数</translation>
    </message>
    <message>
        <source>Verified on {day}: every byte is what was published.</source>
        <translation>{day}已校验：每个字节都与发布的一致。</translation>
    </message>
    <message>
        <source>Checked on {day}: the structure is sound; no hash is known for these files.</source>
        <translation>{day}已检查：结构完好；这些文件没有已知哈希。</translation>
    </message>
    <message>
        <source>1 model</source>
        <translation>1 个模型</translation>
    </message>
    <message>
        <source>{number} models</source>
        <translation>{number} 个模型</translation>
    </message>
    <message>
        <source>{shown} of {counted}</source>
        <translation>{counted}中的 {shown} 个</translation>
    </message>
    <message>
        <source>{free} free where downloads go</source>
        <translation>下载位置可用 {free}</translation>
    </message>
    <message>
        <source>Looking into files: {number} of {number2}</source>
        <translation>正在查看文件：{number2} 中的 {number}</translation>
    </message>
    <message>
        <source>
and {texts} more</source>
        <translation>
以及另外 {texts} 个</translation>
    </message>
    <message>
        <source>Move {title} to the trash? Emptying the trash then frees {frees}.</source>
        <translation>将 {title} 移到回收站？清空回收站后可释放 {frees}。</translation>
    </message>
    <message>
        <source> · about {left} left</source>
        <translation> · 还剩约 {left}</translation>
    </message>
    <message>
        <source>{done} of {size}{rate}{rest}</source>
        <translation>{size} 中的 {done}{rate}{rest}</translation>
    </message>
    <message>
        <source>The disk is full: {needed} more are needed.</source>
        <translation>磁盘已满：还需要 {needed}。</translation>
    </message>
    <message>
        <source>Waiting: {reason}.</source>
        <translation>等待中：{reason}。</translation>
    </message>
    <message>
        <source>Fetching: {done} of {size}</source>
        <translation>正在获取：{size} 中的 {done}</translation>
    </message>
    <message>
        <source>repeat penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>, </source>
        <translation>，</translation>
    </message>
    <message>
        <source>temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Make</source>
        <translation>构造</translation>
    </message>
    <message>
        <source>Sampling that its makers advise</source>
        <translation>制作者建议的采样</translation>
    </message>
    <message>
        <source>Point at a test, or use the arrow keys, to read its figures.</source>
        <translation>指向某项测试或使用方向键，即可查看它的数值。</translation>
    </message>
    <message>
        <source>{title}: {source}.</source>
        <translation>{title}：{source}。</translation>
    </message>
    <message>
        <source>Benchmarks</source>
        <translation>基准测试</translation>
    </message>
    <message>
        <source>Take {quant}: {best}</source>
        <translation>选择 {quant}：{best}</translation>
    </message>
    <message>
        <source>{quant} comes nearest: {shortfall}</source>
        <translation>{quant} 最接近：{shortfall}</translation>
    </message>
    <message>
        <source>No file of {model} fits in the memory of this machine</source>
        <translation>这台机器的内存放不下 {model} 的任何文件</translation>
    </message>
    <message>
        <source>Lower the context, or look at what another machine would do.</source>
        <translation>请降低上下文，或看看另一台机器的表现。</translation>
    </message>
    <message>
        <source>All that was asked for: {model} in {quant}, {candidate}, about {rate} tokens/s.</source>
        <translation>满足全部要求：{model} 的 {quant}，{candidate}，约 {rate} token/秒。</translation>
    </message>
    <message>
        <source>{model} in {quant}, {candidate}, comes nearest: </source>
        <translation>{model} 的 {quant}，{candidate}，最接近：</translation>
    </message>
    <message>
        <source> It answers at about {tokens_per_second} tokens/s.</source>
        <translation> 回答速度约 {tokens_per_second} token/秒。</translation>
    </message>
    <message>
        <source>nothing here is noticeably better, and it is the quickest of these</source>
        <translation>这里没有明显更好的，而它是其中最快的</translation>
    </message>
    <message>
        <source>the best quality that still answers at reading speed here</source>
        <translation>在这里仍能以阅读速度回答的最佳质量</translation>
    </message>
    <message>
        <source>{candidate} in {number} files</source>
        <translation>{candidate}，{number} 个文件</translation>
    </message>
    <message>
        <source>{context} tokens of context in {kv_type_k}</source>
        <translation>{context} 个 token 的上下文，{kv_type_k}</translation>
    </message>
    <message>
        <source>~{used} of {free} of {label}</source>
        <translation>{label} 约 {used} / {free}</translation>
    </message>
    <message>
        <source>experts of {expert_layers_on_cpu} layers in RAM</source>
        <translation>{expert_layers_on_cpu} 层的专家在内存中</translation>
    </message>
    <message>
        <source>{layers_on_cpu} layers</source>
        <translation>{layers_on_cpu} 层</translation>
    </message>
    <message>
        <source>{whole} in RAM</source>
        <translation>{whole}在内存中</translation>
    </message>
    <message>
        <source>{whole} and the experts of {expert_layers_on_cpu} in RAM</source>
        <translation>{whole}和 {expert_layers_on_cpu} 层的专家在内存中</translation>
    </message>
    <message>
        <source>all of it on the GPU</source>
        <translation>全部在 GPU 上</translation>
    </message>
    <message>
        <source>on the processor alone</source>
        <translation>只用处理器</translation>
    </message>
    <message>
        <source>{reading_speed:g} tokens/s</source>
        <translation>{reading_speed:g} token/秒</translation>
    </message>
    <message>
        <source>Asked for: {context} tokens of context in {kv}, and answers at {speed} or more, which is about as fast as people read.</source>
        <translation>要求：上下文 {context} 个 token，以 {kv} 保存，回答速度 {speed} 或更快，约为人的阅读速度。</translation>
    </message>
    <message>
        <source>The smallest is {quant}: {shortfall}</source>
        <translation>最小的是 {quant}：{shortfall}</translation>
    </message>
    <message>
        <source>{name}: {shortfall}</source>
        <translation>{name}：{shortfall}</translation>
    </message>
    <message>
        <source>{name} is quicker, at about {tokens_per_second} tokens/s, and further from the unquantized model.</source>
        <translation>{name} 更快，约 {tokens_per_second} token/秒，但与未量化模型差距更大。</translation>
    </message>
    <message>
        <source>{name} is no better in a way that people notice, and slower, at about {tokens_per_second} tokens/s.</source>
        <translation>{name} 并没有人能察觉的改进，而且更慢，约 {tokens_per_second} token/秒。</translation>
    </message>
    <message>
        <source>{name} is further from the unquantized model and no quicker.</source>
        <translation>{name} 与未量化模型差距更大，也不更快。</translation>
    </message>
    <message>
        <source>Why?</source>
        <translation>为什么？</translation>
    </message>
    <message>
        <source>Shows the reason and what else there is</source>
        <translation>显示理由和其他选择</translation>
    </message>
    <message>
        <source>See {sibling}</source>
        <translation>查看 {sibling}</translation>
    </message>
    <message>
        <source>Hide</source>
        <translation>隐藏</translation>
    </message>
    <message>
        <source>{figure} {title} ({note})</source>
        <translation>{title} {figure}（{note}）</translation>
    </message>
    <message>
        <source>{figure} {title}</source>
        <translation>{title} {figure}</translation>
    </message>
    <message>
        <source>{name}: {parts}.</source>
        <translation>{name}：{parts}。</translation>
    </message>
    <message>
        <source>; </source>
        <translation>；</translation>
    </message>
    <message>
        <source>Benchmarks, {groups} tests</source>
        <translation>基准测试，{groups} 项</translation>
    </message>
    <message>
        <source>f16 (full precision)</source>
        <translation>f16（全精度）</translation>
    </message>
    <message>
        <source>q8_0 (about half the memory)</source>
        <translation>q8_0（约一半内存）</translation>
    </message>
    <message>
        <source>q4_0 (about a quarter)</source>
        <translation>q4_0（约四分之一）</translation>
    </message>
    <message>
        <source>automatic ({automatic})</source>
        <translation>自动（{automatic}）</translation>
    </message>
    <message>
        <source>Experts in RAM</source>
        <translation>内存中的专家</translation>
    </message>
    <message>
        <source>layers</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Layers on the GPU</source>
        <translation>GPU 上的层</translation>
    </message>
    <message>
        <source>How many tokens a conversation may have. More takes more memory.</source>
        <translation>一次对话可以有多少 token。越多占用的内存越大。</translation>
    </message>
    <message>
        <source>How the context is kept. Less precise types take less memory; q8_0 costs next to nothing in quality.</source>
        <translation>上下文的保存方式。精度较低的类型占用较少内存；q8_0 对质量几乎没有影响。</translation>
    </message>
    <message>
        <source>A mixture of experts uses a few of its experts for each token. Those of so many layers stay in RAM; everything else is on the GPU.</source>
        <translation>混合专家模型每个 token 只用到少数专家。这么多层的专家留在内存，其余全部在 GPU 上。</translation>
    </message>
    <message>
        <source>As llama.cpp counts them: the output is one more. The rest runs on the processor.</source>
        <translation>按 llama.cpp 的计数：输出层另算一层。其余在处理器上运行。</translation>
    </message>
    <message>
        <source>How the context is kept. q8_0 takes about half the memory of f16 and costs next to nothing in quality; q4_0 takes about a quarter.</source>
        <translation>上下文的保存方式。q8_0 约占 f16 一半的内存，质量几乎不受影响；q4_0 约占四分之一。</translation>
    </message>
    <message>
        <source>Context in tokens</source>
        <translation>上下文（token）</translation>
    </message>
    <message>
        <source>Context in tokens, as a number</source>
        <translation>上下文（token），以数字输入</translation>
    </message>
    <message>
        <source>Context memory</source>
        <translation>上下文内存</translation>
    </message>
    <message>
        <source>Fits here</source>
        <translation>放得下</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Other machine…</source>
        <translation>其他机器…</translation>
    </message>
    <message>
        <source>Plan for another computer</source>
        <translation>为另一台电脑规划</translation>
    </message>
    <message>
        <source>Fits here ({fitting})</source>
        <translation>放得下（{fitting}）</translation>
    </message>
    <message>
        <source>All {total}</source>
        <translation>全部 {total}</translation>
    </message>
    <message>
        <source>{tokens} tokens. {context_tip}</source>
        <translation>{tokens} 个 token。{context_tip}</translation>
    </message>
    <message>
        <source>On the Hub</source>
        <translation>在 Hub 上</translation>
    </message>
    <message>
        <source>Opens the files&apos; page in the browser</source>
        <translation>在浏览器中打开文件页面</translation>
    </message>
    <message>
        <source>What it takes of each memory</source>
        <translation>它占用各内存的多少</translation>
    </message>
    <message>
        <source>{placement_text} Answers at {speed_words}.</source>
        <translation>{placement_text}回答速度{speed_words}。</translation>
    </message>
    <message>
        <source>{quant} on the Hub</source>
        <translation>Hub 上的 {quant}</translation>
    </message>
    <message>
        <source>Search the Hub</source>
        <translation>在 Hub 上查找</translation>
    </message>
    <message>
        <source>Search the Hub for models, or give a repository as owner/name</source>
        <translation>在 Hub 上查找模型，或输入仓库 owner/name</translation>
    </message>
    <message>
        <source>A model&apos;s name, or a repository as owner/name. Enter searches.</source>
        <translation>模型名称，或仓库 owner/name。按 Enter 查找。</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>On this computer</source>
        <translation>在这台电脑上</translation>
    </message>
    <message>
        <source>models on the disk</source>
        <translation>磁盘上的模型</translation>
    </message>
    <message>
        <source>weights on GPU</source>
        <translation>GPU 上的权重</translation>
    </message>
    <message>
        <source>work</source>
        <translation>计算</translation>
    </message>
    <message>
        <source>Back to this machine</source>
        <translation>回到这台机器</translation>
    </message>
    <message>
        <source>Cannot be planned for</source>
        <translation>无法为它规划</translation>
    </message>
    <message>
        <source>Looking at it…</source>
        <translation>正在查看…</translation>
    </message>
    <message>
        <source>The bars show {told}, as parts of what is free.</source>
        <translation>各条显示{told}，占可用量的比例。</translation>
    </message>
    <message>
        <source>Each part of a bar is one memory; its length is what is free there now.</source>
        <translation>条的每一段是一种内存；长度是其现在的可用量。</translation>
    </message>
    <message>
        <source>{what} These are of the list that comes with the program.</source>
        <translation>{what} 这些来自随程序附带的列表。</translation>
    </message>
    <message>
        <source>No repository with its files is known yet: sizes are what these usually take.</source>
        <translation>尚不知道含有其文件的仓库：大小为通常所占的数值。</translation>
    </message>
    <message>
        <source>The Hub cannot be reached.</source>
        <translation>无法连接 Hub。</translation>
    </message>
    <message>
        <source>Arc B580, engine for the processor</source>
        <translation>Arc B580，仅处理器引擎</translation>
    </message>
    <message>
        <source>Container with 16 GB</source>
        <translation>16 GB 的容器</translation>
    </message>
    <message>
        <source>Driver updated, old one running</source>
        <translation>驱动已更新、旧驱动仍在运行</translation>
    </message>
    <message>
        <source>8 × H100</source>
        <translation>8 × H100</translation>
    </message>
    <message>
        <source>GB10 (DGX Spark)</source>
        <translation>GB10（DGX Spark）</translation>
    </message>
    <message>
        <source>A lost GPU</source>
        <translation>失联的 GPU</translation>
    </message>
    <message>
        <source>Jetson Orin 64 GB</source>
        <translation>Jetson Orin 64 GB</translation>
    </message>
    <message>
        <source>Laptop with RTX 4060</source>
        <translation>笔记本电脑，RTX 4060</translation>
    </message>
    <message>
        <source>M3 Ultra 512 GB</source>
        <translation>M3 Ultra 512 GB</translation>
    </message>
    <message>
        <source>MIG slice of an H100</source>
        <translation>H100 的 MIG 分区</translation>
    </message>
    <message>
        <source>RTX 4090, 192 GB of RAM</source>
        <translation>RTX 4090，192 GB 内存</translation>
    </message>
    <message>
        <source>RX 7900 XTX</source>
        <translation>RX 7900 XTX</translation>
    </message>
    <message>
        <source>Strix Halo 128 GB</source>
        <translation>Strix Halo 128 GB</translation>
    </message>
    <message>
        <source>2 × RTX 3060, engine for the processor</source>
        <translation>2 × RTX 3060，仅处理器引擎</translation>
    </message>
    <message>
        <source>2 × RTX 3090, GTX 1080</source>
        <translation>2 × RTX 3090，GTX 1080</translation>
    </message>
    <message>
        <source>Windows with RTX 5080</source>
        <translation>Windows，RTX 5080</translation>
    </message>
    <message>
        <source>Workstation with RTX 3090, 256 GB of RAM</source>
        <translation>工作站，RTX 3090，256 GB 内存</translation>
    </message>
    <message>
        <source>WSL with RTX 4070</source>
        <translation>WSL，RTX 4070</translation>
    </message>
    <message>
        <source>Open a machine file…</source>
        <translation>打开机器文件…</translation>
    </message>
    <message>
        <source>As `glm-launcher hardware --json` writes it</source>
        <translation>由 `glm-launcher hardware --json` 生成</translation>
    </message>
    <message>
        <source>Examples</source>
        <translation>示例</translation>
    </message>
    <message>
        <source>Open a machine file</source>
        <translation>打开机器文件</translation>
    </message>
    <message>
        <source>Jan</source>
        <translation>1 月</translation>
    </message>
    <message>
        <source>Feb</source>
        <translation>2 月</translation>
    </message>
    <message>
        <source>Mar</source>
        <translation>3 月</translation>
    </message>
    <message>
        <source>Apr</source>
        <translation>4 月</translation>
    </message>
    <message>
        <source>May</source>
        <translation>5 月</translation>
    </message>
    <message>
        <source>Jun</source>
        <translation>6 月</translation>
    </message>
    <message>
        <source>Jul</source>
        <translation>7 月</translation>
    </message>
    <message>
        <source>Aug</source>
        <translation>8 月</translation>
    </message>
    <message>
        <source>Sep</source>
        <translation>9 月</translation>
    </message>
    <message>
        <source>Oct</source>
        <translation>10 月</translation>
    </message>
    <message>
        <source>Nov</source>
        <translation>11 月</translation>
    </message>
    <message>
        <source>Dec</source>
        <translation>12 月</translation>
    </message>
    <message>
        <source>Computed</source>
        <translation>计算得出</translation>
    </message>
    <message>
        <source>Quoted</source>
        <translation>引用</translation>
    </message>
    <message>
        <source>Mixture of experts</source>
        <translation>混合专家</translation>
    </message>
    <message>
        <source>Dense</source>
        <translation>稠密</translation>
    </message>
    <message>
        <source>{billions} parameters</source>
        <translation>{billions} 参数</translation>
    </message>
    <message>
        <source>{total}, {billions} active</source>
        <translation>{total}，激活 {billions}</translation>
    </message>
    <message>
        <source>{day} {month} {year}</source>
        <translation>{year} 年 {month} {day} 日</translation>
    </message>
    <message>
        <source>{month} {year}</source>
        <translation>{year} 年 {month}</translation>
    </message>
    <message>
        <source>{count} tokens of context</source>
        <translation>{count} 个 token 的上下文</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数</translation>
    </message>
    <message>
        <source>Active per token</source>
        <translation>每个 token 激活</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Released</source>
        <translation>发布</translation>
    </message>
    <message>
        <source>{title}: {value}. {source}</source>
        <translation>{title}：{value}。{source}</translation>
    </message>
    <message>
        <source>{how}: {source}.</source>
        <translation>{how}：{source}。</translation>
    </message>
    <message>
        <source>{live} downloads in 30 days</source>
        <translation>30 天内下载 {live} 次</translation>
    </message>
    <message>
        <source>{count} downloads in 30 days, as of {as_of}</source>
        <translation>30 天内下载 {count} 次，截至 {as_of}</translation>
    </message>
    <message>
        <source> + {mtp_layers} that predicts further tokens (MTP, not loaded)</source>
        <translation> + {mtp_layers} 层用于预测后续 token（MTP，不加载）</translation>
    </message>
    <message>
        <source>{kind}, {gguf} in llama.cpp</source>
        <translation>{kind}，llama.cpp 中为 {gguf}</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>层</translation>
    </message>
    <message>
        <source>{experts} per layer, {used} used and {shared} shared for a token</source>
        <translation>每层 {experts} 个，每个 token 使用 {used} 个，另有 {shared} 个共享专家</translation>
    </message>
    <message>
        <source>{experts} per layer, {used} used for a token</source>
        <translation>每层 {experts} 个，每个 token 使用 {used} 个</translation>
    </message>
    <message>
        <source>Experts</source>
        <translation>专家</translation>
    </message>
    <message>
        <source>Without experts</source>
        <translation>没有专家的层</translation>
    </message>
    <message>
        <source>the first {dense_layers} layers</source>
        <translation>前 {dense_layers} 层</translation>
    </message>
    <message>
        <source>, {kv_heads} for keys and values</source>
        <translation>，键和值 {kv_heads} 个</translation>
    </message>
    <message>
        <source>, of {head_length} values each</source>
        <translation>，每个 {head_length} 个值</translation>
    </message>
    <message>
        <source>Attention heads</source>
        <translation>注意力头</translation>
    </message>
    <message>
        <source>Attention</source>
        <translation>注意力</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>宽度</translation>
    </message>
    <message>
        <source>{hidden} values</source>
        <translation>{hidden} 个值</translation>
    </message>
    <message>
        <source>No GPU</source>
        <translation>没有 GPU</translation>
    </message>
    <message>
        <source>NVIDIA GeForce </source>
        <translation>NVIDIA GeForce </translation>
    </message>
    <message>
        <source>AMD Radeon </source>
        <translation>AMD Radeon </translation>
    </message>
    <message>
        <source> Processor</source>
        <translation> 处理器</translation>
    </message>
    <message>
        <source>Planned as if the engine could use {names}; the installed one cannot yet.</source>
        <translation>按引擎能使用 {names} 来规划；已安装的引擎还不能。</translation>
    </message>
    <message>
        <source>{title} cannot use a context of {tokens} tokens: it was trained for {most}. That is what is shown now.</source>
        <translation>{title} 不能使用 {tokens} 个 token 的上下文：训练上下文为 {most}。现在显示的是后者。</translation>
    </message>
    <message>
        <source>Search results</source>
        <translation>查找结果</translation>
    </message>
    <message>
        <source>Find in conversation</source>
        <translation>在对话中查找</translation>
    </message>
    <message>
        <source>Previous match</source>
        <translation>上一个匹配</translation>
    </message>
    <message>
        <source>Next match</source>
        <translation>下一个匹配</translation>
    </message>
    <message>
        <source>Close the search</source>
        <translation>关闭查找</translation>
    </message>
    <message>
        <source>Not found</source>
        <translation>没有找到</translation>
    </message>
    <message>
        <source>{at} of {found}</source>
        <translation>第 {at} 个，共 {found} 个</translation>
    </message>
    <message>
        <source>{found} found</source>
        <translation>找到 {found} 个</translation>
    </message>
    <message>
        <source>“{text}” on the Hub</source>
        <translation>Hub 上的“{text}”</translation>
    </message>
    <message>
        <source>{downloads} downloads in 30 days</source>
        <translation>30 天内下载 {downloads} 次</translation>
    </message>
    <message>
        <source>gated: its terms have to be accepted on the Hub</source>
        <translation>受限：需要在 Hub 上接受条款</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>正在查找…</translation>
    </message>
    <message>
        <source>No repository with GGUF files has such a name. Search for the model&apos;s name alone, or give the repository as owner/name.</source>
        <translation>没有含 GGUF 文件的仓库叫这个名称。请只用模型名称查找，或输入仓库 owner/name。</translation>
    </message>
    <message>
        <source>, of which {most} are shown</source>
        <translation>，显示其中 {most} 个</translation>
    </message>
    <message>
        <source>{repos} repositories with GGUF files{shown}.</source>
        <translation>{repos} 个含 GGUF 文件的仓库{shown}。</translation>
    </message>
    <message>
        <source>Bits</source>
        <translation>位数</translation>
    </message>
    <message>
        <source>Memory per device</source>
        <translation>各设备内存</translation>
    </message>
    <message>
        <source>Max context</source>
        <translation>最大上下文</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>How the weights are stored. Fewer bits make a smaller file and a less exact one.</source>
        <translation>权重的保存方式。位数越少，文件越小，也越不精确。</translation>
    </message>
    <message>
        <source>What has to be downloaded, in GB of 10^9 bytes.</source>
        <translation>需要下载的量，单位 GB（10^9 字节）。</translation>
    </message>
    <message>
        <source>Bits per weight, on average over the file.</source>
        <translation>每个权重的位数，整个文件的平均值。</translation>
    </message>
    <message>
        <source>How often the most likely next token is the one of the unquantized model.</source>
        <translation>最可能的下一个 token 与未量化模型相同的比例。</translation>
    </message>
    <message>
        <source>Each memory has a part of the bar: what the model takes of what is free there.</source>
        <translation>每种内存占条的一段：模型占用可用量的多少。</translation>
    </message>
    <message>
        <source>With how many tokens it still fits in memory, as the context is kept now.</source>
        <translation>以现在的上下文保存方式，最多多少个 token 仍能放进内存。</translation>
    </message>
    <message>
        <source>Predicted tokens per second of an answer; the range is in each row&apos;s tooltip.</source>
        <translation>预测的回答速度（token/秒）；范围见每行的提示。</translation>
    </message>
    <message>
        <source>Where it would run.</source>
        <translation>它会在哪里运行。</translation>
    </message>
    <message>
        <source>recommended</source>
        <translation>推荐</translation>
    </message>
    <message>
        <source>on this computer</source>
        <translation>在这台电脑上</translation>
    </message>
    <message>
        <source>cannot be kept so</source>
        <translation>不能这样保存</translation>
    </message>
    <message>
        <source>~ estimated. Weights and context are exact, read from the file.</source>
        <translation>~ 为估算值。权重和上下文准确，读自文件。</translation>
    </message>
    <message>
        <source>needs {needs} more than the {free} that are free</source>
        <translation>比可用的 {free} 还多需要 {needs}</translation>
    </message>
    <message>
        <source>~{used} of {free} free</source>
        <translation>~{used} / 可用 {free}</translation>
    </message>
    <message>
        <source>Unified memory of {label}</source>
        <translation>{label} 的统一内存</translation>
    </message>
    <message>
        <source>does not fit: {missing} of {kind} missing</source>
        <translation>放不下：还缺 {kind} {missing}</translation>
    </message>
    <message>
        <source>fits in unified memory</source>
        <translation>统一内存放得下</translation>
    </message>
    <message>
        <source>fits in GPU memory</source>
        <translation>显存放得下</translation>
    </message>
    <message>
        <source>experts in RAM</source>
        <translation>专家在内存</translation>
    </message>
    <message>
        <source>layers in RAM</source>
        <translation>部分层在内存</translation>
    </message>
    <message>
        <source>runs on the processor</source>
        <translation>在处理器上运行</translation>
    </message>
    <message>
        <source>trained for {trained} tokens of context</source>
        <translation>训练上下文 {trained} 个 token</translation>
    </message>
    <message>
        <source>answering</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>with a full context</source>
        <translation>上下文全满时</translation>
    </message>
    <message>
        <source>reading a prompt</source>
        <translation>读取提示词</translation>
    </message>
    <message>
        <source>{what} ({range})</source>
        <translation>{what}（{range}）</translation>
    </message>
    <message>
        <source>no prediction</source>
        <translation>没有预测</translation>
    </message>
    <message>
        <source>weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>weights on the processor</source>
        <translation>处理器上的权重</translation>
    </message>
    <message>
        <source>{capitalize}: {size} bytes, {value}</source>
        <translation>{capitalize}：{size} 字节，{value}</translation>
    </message>
    <message>
        <source>Of the weights, pages of the file: {mapped} bytes</source>
        <translation>权重中来自文件页面的部分：{mapped} 字节</translation>
    </message>
    <message>
        <source>Free for it now: {capacity} bytes</source>
        <translation>现在可用于它：{capacity} 字节</translation>
    </message>
    <message>
        <source>Kept free beside it: {reserve} bytes</source>
        <translation>旁边保持空闲：{reserve} 字节</translation>
    </message>
    <message>
        <source>Open on the Hub</source>
        <translation>在 Hub 上打开</translation>
    </message>
    <message>
        <source>No repository with GGUF files of {title} is known to the program.</source>
        <translation>程序不知道含有 {title} 的 GGUF 文件的仓库。</translation>
    </message>
    <message>
        <source>Search the Hub for one, or give it as owner/name in the search field.</source>
        <translation>请在 Hub 上查找，或在查找框中输入 owner/name。</translation>
    </message>
    <message>
        <source>{repo} has no quantization that this program can load.</source>
        <translation>{repo} 没有本程序能加载的量化版本。</translation>
    </message>
    <message>
        <source>Choose another repository.</source>
        <translation>请选择其他仓库。</translation>
    </message>
    <message>
        <source>Looking at the machine…</source>
        <translation>正在查看机器…</translation>
    </message>
    <message>
        <source>Reading headers of {repo}: {done} of {total}…</source>
        <translation>正在读取 {repo} 的文件头：{total} 中的 {done}…</translation>
    </message>
    <message>
        <source>Reading what {repo} holds…</source>
        <translation>正在读取 {repo} 的内容…</translation>
    </message>
    <message>
        <source>Find it on the Hub</source>
        <translation>在 Hub 上查找</translation>
    </message>
    <message>
        <source>Find on the Hub</source>
        <translation>在 Hub 上查找</translation>
    </message>
    <message>
        <source>None of them stays in memory here with this context. Lower the context, or show all.</source>
        <translation>以这个上下文，没有一个能放进内存。请降低上下文，或全部显示。</translation>
    </message>
    <message>
        <source>Exact headers are being read{so_far}; until then these are estimates.</source>
        <translation>正在读取准确的文件头{so_far}；在此之前为估算值。</translation>
    </message>
    <message>
        <source>Weights and context are exact, read from the files&apos; headers; work buffers and speed are predictions, with their range in the tooltip.</source>
        <translation>权重和上下文是准确的，读自文件头；计算缓冲和速度是预测值，范围见提示。</translation>
    </message>
    <message>
        <source> and {refused} more</source>
        <translation> 以及另外 {refused} 个</translation>
    </message>
    <message>
        <source>Not offered: {names}{more}. {refused}</source>
        <translation>未提供：{names}{more}。{refused}</translation>
    </message>
    <message>
        <source>Reading what the repository holds…</source>
        <translation>正在读取仓库的内容…</translation>
    </message>
    <message>
        <source>Quantizations</source>
        <translation>量化版本</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>全选</translation>
    </message>
    <message>
        <source>About and benchmarks</source>
        <translation>介绍与基准</translation>
    </message>
    <message>
        <source>Files of</source>
        <translation>文件来自</translation>
    </message>
    <message>
        <source>Several people offer files of this model</source>
        <translation>有多人提供这个模型的文件</translation>
    </message>
    <message>
        <source> in {files} files</source>
        <translation>，{files} 个文件</translation>
    </message>
    <message>
        <source>as listed when this program was made, not exact</source>
        <translation>为程序制作时列出的数值，并不准确</translation>
    </message>
    <message>
        <source>exact</source>
        <translation>精确</translation>
    </message>
    <message>
        <source>{size} bytes{where}, {how}</source>
        <translation>{size} 字节{where}，{how}</translation>
    </message>
    <message>
        <source>{size_gb} GB at {bits_per_weight:g} bits: {nominal_label}, which multiplies parameters by a nominal number of bits.</source>
        <translation>{size_gb} GB，{bits_per_weight:g} 位：{nominal_label}，由参数数量乘以标称位数得出。</translation>
    </message>
    <message>
        <source>Estimated</source>
        <translation>估算</translation>
    </message>
    <message>
        <source>{how}: the most likely next token is the unquantized model&apos;s in {top1_agreement_pct:.1f}% of cases; divergence {bound}{mean_kld:.3f} nats per token.</source>
        <translation>{how}：在 {top1_agreement_pct:.1f}% 的情况下最可能的下一个 token 与未量化模型相同；散度 {bound}{mean_kld:.3f} nat/token。</translation>
    </message>
    <message>
        <source>Perplexity {ppl_change_pct:+.1f}%, {measured}.</source>
        <translation>困惑度 {ppl_change_pct:+.1f}%，{measured}。</translation>
    </message>
    <message>
        <source>{quality_pct}%: {nominal_label}, by no stated measurement.</source>
        <translation>{quality_pct}%：{nominal_label}，未说明测量方法。</translation>
    </message>
    <message>
        <source>Source: {source}.</source>
        <translation>来源：{source}。</translation>
    </message>
    <message>
        <source>memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>VRAM</source>
        <translation>显存</translation>
    </message>
    <message>
        <source>{missing} {what} missing</source>
        <translation>{what}缺 {missing}</translation>
    </message>
    <message>
        <source>Answering</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>With a full context</source>
        <translation>上下文用满时</translation>
    </message>
    <message>
        <source>Reading a prompt</source>
        <translation>读取提示词</translation>
    </message>
    <message>
        <source>{what}: {rate}</source>
        <translation>{what}：{rate}</translation>
    </message>
    <message>
        <source>from disk, slow</source>
        <translation>从磁盘运行，慢</translation>
    </message>
    <message>
        <source>fits in memory</source>
        <translation>内存放得下</translation>
    </message>
    <message>
        <source>fits in GPU</source>
        <translation>显存放得下</translation>
    </message>
    <message>
        <source>processor only</source>
        <translation>仅处理器</translation>
    </message>
    <message>
        <source>No speed can be predicted while it does not fit.</source>
        <translation>放不下时无法预测速度。</translation>
    </message>
    <message>
        <source>Back to recommended</source>
        <translation>恢复推荐设置</translation>
    </message>
    <message>
        <source>Against the recommended: {change}</source>
        <translation>与推荐相比：{change}</translation>
    </message>
    <message>
        <source>Last load: {text}.</source>
        <translation>上次加载：{text}。</translation>
    </message>
    <message>
        <source>Load anyway</source>
        <translation>仍要加载</translation>
    </message>
    <message>
        <source>The plan is being made anew.</source>
        <translation>正在重新规划。</translation>
    </message>
    <message>
        <source>Before loading</source>
        <translation>加载之前</translation>
    </message>
    <message>
        <source>and {rows} more</source>
        <translation>以及另外 {rows} 个</translation>
    </message>
    <message>
        <source>{label}: {figure}</source>
        <translation>{label}：{figure}</translation>
    </message>
    <message>
        <source>each of {same} × {label}</source>
        <translation>{same} × {label}，每块</translation>
    </message>
    <message>
        <source>all there is</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Being looked for.</source>
        <translation>正在查找。</translation>
    </message>
    <message>
        <source>It does not fit in memory with any context, kept as {kv}.</source>
        <translation>以 {kv} 保存时，任何上下文都放不进内存。</translation>
    </message>
    <message>
        <source>All {trained} tokens that it was trained for fit, kept as {kv}.</source>
        <translation>以 {kv} 保存时，训练的全部 {trained} 个 token 都放得下。</translation>
    </message>
    <message>
        <source>With more than {tokens} tokens, kept as {kv}, it would no longer fit in memory.</source>
        <translation>以 {kv} 保存时，超过 {tokens} 个 token 就放不进内存。</translation>
    </message>
    <message>
        <source>{quant}, {candidate}, {bits_per_weight:.2f} bits per weight, quality {quality}, {text}, {plan}</source>
        <translation>{quant}，{candidate}，每权重 {bits_per_weight:.2f} 位，质量 {quality}，{text}，{plan}</translation>
    </message>
    <message>
        <source>no speed predicted</source>
        <translation>没有速度预测</translation>
    </message>
    <message>
        <source>{size} bytes</source>
        <translation>{size} 字节</translation>
    </message>
    <message>
        <source>{seconds:.0f} ms</source>
        <translation>{seconds:.0f} 毫秒</translation>
    </message>
    <message>
        <source>{seconds:.1f} s</source>
        <translation>{seconds:.1f} 秒</translation>
    </message>
    <message>
        <source>{seconds:.0f} s</source>
        <translation>{seconds:.0f} 秒</translation>
    </message>
    <message>
        <source>{minutes} min {rest} s</source>
        <translation>{minutes} 分 {rest} 秒</translation>
    </message>
    <message>
        <source>{minutes} min</source>
        <translation>{minutes} 分钟</translation>
    </message>
    <message>
        <source>{hours} h {minutes} min</source>
        <translation>{hours} 小时 {minutes} 分</translation>
    </message>
    <message>
        <source>{hours} h</source>
        <translation>{hours} 小时</translation>
    </message>
    <message>
        <source>checked by its hash</source>
        <translation>按哈希校验</translation>
    </message>
    <message>
        <source>no hash known, checked by its size</source>
        <translation>没有已知哈希，按大小检查</translation>
    </message>
    <message>
        <source>quality {figure} {how}, {grade}</source>
        <translation>质量 {figure} {how}，{grade}</translation>
    </message>
    <message>
        <source>Quality: {grade}. A smaller model in more bits is usually better.</source>
        <translation>质量：{grade}。位数更多的较小模型通常更好。</translation>
    </message>
    <message>
        <source>Close the note</source>
        <translation>关闭提示</translation>
    </message>
    <message>
        <source>Note: {text}</source>
        <translation>提示：{text}</translation>
    </message>
    <message>
        <source>Remedy</source>
        <translation>解决办法</translation>
    </message>
    <message>
        <source>Downloads are running</source>
        <translation>正在下载</translation>
    </message>
    <message>
        <source>in the tray</source>
        <translation>在托盘中</translation>
    </message>
    <message>
        <source>with the window minimized</source>
        <translation>并最小化窗口</translation>
    </message>
    <message>
        <source>{what} Go on {way}?</source>
        <translation>{what} {way}继续吗？</translation>
    </message>
    <message>
        <source>Whatever has come is kept in both cases, and a later start goes on from there. Your answer is remembered; Settings has it under “Go on in the tray”.</source>
        <translation>两种情况下已下载的都会保留，下次启动从停止处继续。你的回答会被记住；可在设置的“在托盘中继续”中更改。</translation>
    </message>
    <message>
        <source>Go on in the tray</source>
        <translation>在托盘中继续</translation>
    </message>
    <message>
        <source>Go on minimized</source>
        <translation>最小化后继续</translation>
    </message>
    <message>
        <source>Stop and close</source>
        <translation>停止并关闭</translation>
    </message>
    <message>
        <source>Show GLM Launcher</source>
        <translation>显示 GLM Launcher</translation>
    </message>
    <message>
        <source>Pause all downloads</source>
        <translation>暂停所有下载</translation>
    </message>
    <message>
        <source>Demo model, not GLM-4.6</source>
        <translation>演示模型，不是 GLM-4.6</translation>
    </message>
    <message>
        <source>No model</source>
        <translation>没有模型</translation>
    </message>
    <message>
        <source>New chat (Ctrl+N)</source>
        <translation>新聊天（Ctrl+N）</translation>
    </message>
    <message>
        <source>Chats</source>
        <translation>聊天</translation>
    </message>
    <message>
        <source>{demo}. A tiny built-in model that shows how the program works.</source>
        <translation>{demo}。一个内置的微型模型，用来展示程序如何工作。</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>How the next word is chosen</source>
        <translation>如何选择下一个词</translation>
    </message>
    <message>
        <source>Menu</source>
        <translation>菜单</translation>
    </message>
    <message>
        <source>{name} · {size} · {context} tokens of context</source>
        <translation>{name} · {size} · 上下文 {context} 个 token</translation>
    </message>
    <message>
        <source>{name} is being loaded</source>
        <translation>正在加载 {name}</translation>
    </message>
    <message>
        <source>{name} is being looked at</source>
        <translation>正在查看 {name}</translation>
    </message>
    <message>
        <source>{path} could not be opened</source>
        <translation>无法打开 {path}</translation>
    </message>
    <message>
        <source>Model: {name}</source>
        <translation>模型：{name}</translation>
    </message>
    <message>
        <source>Memory: {measured}</source>
        <translation>内存：{measured}</translation>
    </message>
    <message>
        <source>Demo</source>
        <translation>演示</translation>
    </message>
    <message>
        <source>Models…</source>
        <translation>模型…</translation>
    </message>
    <message>
        <source>What runs on this computer, and how well</source>
        <translation>这台电脑上能运行什么，效果如何</translation>
    </message>
    <message>
        <source>Demo model</source>
        <translation>演示模型</translation>
    </message>
    <message>
        <source>Open a GGUF file…</source>
        <translation>打开 GGUF 文件…</translation>
    </message>
    <message>
        <source>Reload…</source>
        <translation>重新加载…</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>卸载</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>程序</translation>
    </message>
    <message>
        <source>View</source>
        <translation>视图</translation>
    </message>
    <message>
        <source>Theme: {lower}</source>
        <translation>主题：{lower}</translation>
    </message>
    <message>
        <source>First steps…</source>
        <translation>开始使用…</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>更新</translation>
    </message>
    <message>
        <source>A question waits</source>
        <translation>一个问题在等待</translation>
    </message>
    <message>
        <source>The downloads go on while the window is minimized: this desktop has no tray. Ctrl+Q ends the program.</source>
        <translation>窗口最小化期间下载继续：这个桌面没有托盘。按 Ctrl+Q 结束程序。</translation>
    </message>
    <message>
        <source>GLM Launcher: {jobs}</source>
        <translation>GLM Launcher：{jobs}</translation>
    </message>
    <message>
        <source>{job} is being downloaded ({percent}).</source>
        <translation>正在下载 {job}（{percent}）。</translation>
    </message>
    <message>
        <source>{going_on} downloads are running ({going_on2}).</source>
        <translation>正在进行 {going_on} 个下载（{going_on2}）。</translation>
    </message>
    <message>
        <source>{title} is here</source>
        <translation>{title} 已下载</translation>
    </message>
    <message>
        <source>{size}, complete.</source>
        <translation>{size}，完整。</translation>
    </message>
    <message>
        <source>{title} failed</source>
        <translation>{title} 失败</translation>
    </message>
    <message>
        <source>Open the window to see why.</source>
        <translation>打开窗口查看原因。</translation>
    </message>
    <message>
        <source>No room for {title}</source>
        <translation>{title} 没有空间</translation>
    </message>
    <message>
        <source>It needs {needed} more.</source>
        <translation>还需要 {needed}。</translation>
    </message>
    <message>
        <source>{title} has changed on the server</source>
        <translation>{title} 在服务器上发生了变化</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>聊天</translation>
    </message>
    <message>
        <source>At most {most} questions can wait.</source>
        <translation>最多可以有 {most} 个问题等待。</translation>
    </message>
    <message>
        <source>The answer is finished.</source>
        <translation>回答已完成。</translation>
    </message>
    <message>
        <source>Write the next question; it waits until this answer is done</source>
        <translation>写下一个问题；它会等到这个回答结束</translation>
    </message>
    <message>
        <source>Ask the demo model</source>
        <translation>向演示模型提问</translation>
    </message>
    <message>
        <source>Ask {name}</source>
        <translation>向 {name} 提问</translation>
    </message>
    <message>
        <source>Write your question while the model is loading</source>
        <translation>模型加载时可以先写问题</translation>
    </message>
    <message>
        <source>Open a model to ask it something</source>
        <translation>打开模型后即可提问</translation>
    </message>
    <message>
        <source>Open a model first, then try again.</source>
        <translation>请先打开模型，然后重试。</translation>
    </message>
    <message>
        <source>Earlier version</source>
        <translation>上一个版本</translation>
    </message>
    <message>
        <source>Later version</source>
        <translation>下一个版本</translation>
    </message>
    <message>
        <source>Edit the question</source>
        <translation>编辑问题</translation>
    </message>
    <message>
        <source>Continue the answer</source>
        <translation>继续回答</translation>
    </message>
    <message>
        <source>Answer again</source>
        <translation>重新回答</translation>
    </message>
    <message>
        <source>New chat from here</source>
        <translation>从这里开始新聊天</translation>
    </message>
    <message>
        <source>Delete with all replies</source>
        <translation>连同所有回复删除</translation>
    </message>
    <message>
        <source>Answer now</source>
        <translation>立即回答</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>On this page</source>
        <translation>在此页面</translation>
    </message>
    <message>
        <source>The thinking is being ended.</source>
        <translation>正在结束思考。</translation>
    </message>
    <message>
        <source>The answer is being stopped.</source>
        <translation>正在停止回答。</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>{file}. Show its text</source>
        <translation>{file}。显示其文本</translation>
    </message>
    <message>
        <source>What was added before is not added a second time.</source>
        <translation>之前添加过的不会再次添加。</translation>
    </message>
    <message>
        <source>At most {most} files go with one question.</source>
        <translation>一个问题最多带 {most} 个文件。</translation>
    </message>
    <message>
        <source>A file is still being read.</source>
        <translation>还有文件正在读取。</translation>
    </message>
    <message>
        <source>{name} could not be read. Remove it first.</source>
        <translation>无法读取 {name}。请先移除它。</translation>
    </message>
    <message>
        <source>{count} files could not be read. Remove them first.</source>
        <translation>有 {count} 个文件无法读取。请先移除它们。</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 个 token</translation>
    </message>
    <message>
        <source>about {count} tokens</source>
        <translation>约 {count} 个 token</translation>
    </message>
    <message>
        <source>{count} characters</source>
        <translation>{count} 个字符</translation>
    </message>
    <message>
        <source>✕ not added</source>
        <translation>✕ 未添加</translation>
    </message>
    <message>
        <source>its text is not kept</source>
        <translation>它的文本没有保存</translation>
    </message>
    <message>
        <source>pages</source>
        <translation>页</translation>
    </message>
    <message>
        <source>page</source>
        <translation>页</translation>
    </message>
    <message>
        <source>lines</source>
        <translation>行</translation>
    </message>
    <message>
        <source>line</source>
        <translation>行</translation>
    </message>
    <message>
        <source>Counting…</source>
        <translation>正在计数…</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在读取…</translation>
    </message>
    <message>
        <source>Reading… {percent}%</source>
        <translation>正在读取… {percent}%</translation>
    </message>
    <message>
        <source>Reading page {page} of {pages}…</source>
        <translation>正在读取第 {page} 页，共 {pages} 页…</translation>
    </message>
    <message>
        <source>Enter sends, Shift+Enter starts a new line.</source>
        <translation>Enter 发送，Shift+Enter 换行。</translation>
    </message>
    <message>
        <source>Choose tools</source>
        <translation>选择工具</translation>
    </message>
    <message>
        <source>+ File</source>
        <translation>+ 文件</translation>
    </message>
    <message>
        <source>Add text, code, CSV, PDF or Word files (Ctrl+U). They can be dropped or pasted as well.</source>
        <translation>添加文本、代码、CSV、PDF 或 Word 文件（Ctrl+U）。也可以拖放或粘贴。</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>排队</translation>
    </message>
    <message>
        <source>Ask this when the answer is done</source>
        <translation>等回答结束后再问</translation>
    </message>
    <message>
        <source>Ask this when the answer is done (Enter)</source>
        <translation>等回答结束后再问（Enter）</translation>
    </message>
    <message>
        <source>The model reasons before it answers.</source>
        <translation>模型先思考再回答。</translation>
    </message>
    <message>
        <source>The model may use tools.</source>
        <translation>模型可以使用工具。</translation>
    </message>
    <message>
        <source>Tools · {number}</source>
        <translation>工具 · {number}</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>正在停止</translation>
    </message>
    <message>
        <source>Stop the answer (Esc)</source>
        <translation>停止回答（Esc）</translation>
    </message>
    <message>
        <source>Send (Enter)</source>
        <translation>发送（Enter）</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>Waits for your answer above</source>
        <translation>在上方等待你的回答</translation>
    </message>
    <message>
        <source>End the thinking and get the answer from what there is ({keys})</source>
        <translation>结束思考，根据已有的内容作答（{keys}）</translation>
    </message>
    <message>
        <source>Ending the thinking…</source>
        <translation>正在结束思考…</translation>
    </message>
    <message>
        <source>Thinking…</source>
        <translation>正在思考…</translation>
    </message>
    <message>
        <source>Thinking was not finished</source>
        <translation>思考没有完成</translation>
    </message>
    <message>
        <source>open</source>
        <translation>展开</translation>
    </message>
    <message>
        <source>closed</source>
        <translation>收起</translation>
    </message>
    <message>
        <source>Hide the thinking</source>
        <translation>隐藏思考</translation>
    </message>
    <message>
        <source>Show the thinking</source>
        <translation>显示思考</translation>
    </message>
    <message>
        <source>{text}
… and more</source>
        <translation>{text}
…… 以及更多</translation>
    </message>
    <message>
        <source>Thought for {span}, then you asked for the answer</source>
        <translation>思考了 {span}，然后你要求作答</translation>
    </message>
    <message>
        <source>Thought for {span}, until its budget was used up</source>
        <translation>思考了 {span}，直到用完预算</translation>
    </message>
    <message>
        <source>Thought for a moment</source>
        <translation>思考了片刻</translation>
    </message>
    <message>
        <source>Thought for {span}</source>
        <translation>思考了 {span}</translation>
    </message>
    <message>
        <source>about {used} of {most} tokens</source>
        <translation>约 {used}，共 {most} 个 token</translation>
    </message>
    <message>
        <source>about {tokens}</source>
        <translation>约 {tokens}</translation>
    </message>
    <message>
        <source>a moment</source>
        <translation>片刻</translation>
    </message>
    <message>
        <source>The model asks you something.</source>
        <translation>模型向你提问。</translation>
    </message>
    <message>
        <source>What it would do</source>
        <translation>它要做什么</translation>
    </message>
    <message>
        <source>Changes</source>
        <translation>更改</translation>
    </message>
    <message>
        <source>A word to the model if you deny</source>
        <translation>拒绝时对模型说的话</translation>
    </message>
    <message>
        <source>A word to the model if you deny (optional)</source>
        <translation>拒绝时对模型说的话（可选）</translation>
    </message>
    <message>
        <source>The model asks: {question}</source>
        <translation>模型问：{question}</translation>
    </message>
    <message>
        <source>The model asks you</source>
        <translation>模型向你提问</translation>
    </message>
    <message>
        <source>Your answer</source>
        <translation>你的回答</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Do not answer</source>
        <translation>不回答</translation>
    </message>
    <message>
        <source>… and {number} more characters, which are not shown</source>
        <translation>…… 以及另外 {number} 个字符，未显示</translation>
    </message>
    <message>
        <source>Show all ({number} lines)</source>
        <translation>全部显示（{number} 行）</translation>
    </message>
    <message>
        <source>Folders, permissions and the log…</source>
        <translation>文件夹、权限和日志…</translation>
    </message>
    <message>
        <source>Allowed in this chat</source>
        <translation>在本次聊天中已允许</translation>
    </message>
    <message>
        <source>It touches nothing.</source>
        <translation>它不触及任何内容。</translation>
    </message>
    <message>
        <source>It reads on this machine.</source>
        <translation>它在这台机器上读取。</translation>
    </message>
    <message>
        <source>It changes something on this machine.</source>
        <translation>它会更改这台机器上的内容。</translation>
    </message>
    <message>
        <source>It contacts another machine.</source>
        <translation>它会联系另一台机器。</translation>
    </message>
    <message>
        <source>It runs a program.</source>
        <translation>它会运行程序。</translation>
    </message>
    <message>
        <source>It asks you.</source>
        <translation>它向你提问。</translation>
    </message>
    <message>
        <source>Allow once</source>
        <translation>允许一次</translation>
    </message>
    <message>
        <source>Reset to preset</source>
        <translation>恢复为预设</translation>
    </message>
    <message>
        <source>Use for new chats</source>
        <translation>用于新聊天</translation>
    </message>
    <message>
        <source>Back to that of new chats</source>
        <translation>恢复为新聊天的设置</translation>
    </message>
    <message>
        <source>For this chat</source>
        <translation>本次聊天</translation>
    </message>
    <message>
        <source>As in all new chats</source>
        <translation>与所有新聊天相同</translation>
    </message>
    <message>
        <source>Close the sampling panel</source>
        <translation>关闭采样面板</translation>
    </message>
    <message>
        <source>Always</source>
        <translation>始终</translation>
    </message>
    <message>
        <source>Deny</source>
        <translation>拒绝</translation>
    </message>
    <message>
        <source>allowed once</source>
        <translation>已允许一次</translation>
    </message>
    <message>
        <source>allowed for this chat</source>
        <translation>已允许用于本次聊天</translation>
    </message>
    <message>
        <source>always allowed</source>
        <translation>始终允许</translation>
    </message>
    <message>
        <source>denied by you</source>
        <translation>已被你拒绝</translation>
    </message>
    <message>
        <source>allowed before</source>
        <translation>之前已允许</translation>
    </message>
    <message>
        <source>reading is allowed</source>
        <translation>允许读取</translation>
    </message>
    <message>
        <source>May the model use “{tool}” of {server}?</source>
        <translation>模型可以使用 {server} 的“{tool}”吗？</translation>
    </message>
    <message>
        <source>May the model use “{tool}”?</source>
        <translation>模型可以使用“{tool}”吗？</translation>
    </message>
    <message>
        <source>What this touches is up to the server.</source>
        <translation>会触及什么由服务器决定。</translation>
    </message>
    <message>
        <source>Open the folder</source>
        <translation>开放该文件夹</translation>
    </message>
    <message>
        <source>“Open the folder” lets tools read and write in {folder} from now on; you still see every change first.</source>
        <translation>“开放该文件夹”从现在起允许工具在 {folder} 中读写；每次更改仍会先给你看。</translation>
    </message>
    <message>
        <source>“Open the folder” lets tools read in {folder} from now on.</source>
        <translation>“开放该文件夹”从现在起允许工具在 {folder} 中读取。</translation>
    </message>
    <message>
        <source>This is asked each time.</source>
        <translation>每次都会询问。</translation>
    </message>
    <message>
        <source>“For this chat” and “Always” count for {tool} with {scope}.</source>
        <translation>“本次聊天”和“始终”对 {tool}（{scope}）有效。</translation>
    </message>
    <message>
        <source>“For this chat” and “Always” count for every use of {tool}.</source>
        <translation>“本次聊天”和“始终”对 {tool} 的每次使用有效。</translation>
    </message>
    <message>
        <source>{tool} with {scope}</source>
        <translation>{tool}（{scope}）</translation>
    </message>
    <message>
        <source>An MCP server of yours</source>
        <translation>你的一个 MCP 服务器</translation>
    </message>
    <message>
        <source>It wants a login. Add a header such as Authorization with a token.</source>
        <translation>它要求登录。请添加带令牌的请求头，例如 Authorization。</translation>
    </message>
    <message>
        <source>It refuses access with these headers.</source>
        <translation>它拒绝使用这些请求头访问。</translation>
    </message>
    <message>
        <source>There is no server at this address.</source>
        <translation>这个地址没有服务器。</translation>
    </message>
    <message>
        <source>There is no server of this kind at this address.</source>
        <translation>这个地址没有此类服务器。</translation>
    </message>
    <message>
        <source>It has been asked too often. Try again later.</source>
        <translation>请求过于频繁。请稍后再试。</translation>
    </message>
    <message>
        <source>It answered with status {number}.</source>
        <translation>它的回答状态为 {number}。</translation>
    </message>
    <message>
        <source>The text is far too long for a list of servers.</source>
        <translation>文本过长，不可能是服务器列表。</translation>
    </message>
    <message>
        <source>There is no server in it: each has a “command” or a “url”.</source>
        <translation>其中没有服务器：每个服务器都有“command”或“url”。</translation>
    </message>
    <message>
        <source>It is no description of a server.</source>
        <translation>这不是服务器的描述。</translation>
    </message>
    <message>
        <source>It speaks the older SSE transport, which is not supported.</source>
        <translation>它使用较旧的 SSE 传输方式，不受支持。</translation>
    </message>
    <message>
        <source>“{server}”: put your own value in for {names}; what is there is a placeholder.</source>
        <translation>“{server}”：请为 {names} 填入你自己的值；现在是占位符。</translation>
    </message>
    <message>
        <source>“{server}”: its command has a placeholder to fill in.</source>
        <translation>“{server}”：命令中有待填写的占位符。</translation>
    </message>
    <message>
        <source>This is no JSON: line {line} is not understood.</source>
        <translation>这不是 JSON：第 {line} 行无法理解。</translation>
    </message>
    <message>
        <source>This is no JSON.</source>
        <translation>这不是 JSON。</translation>
    </message>
    <message>
        <source>There is no folder {folder}.</source>
        <translation>文件夹 {folder} 不存在。</translation>
    </message>
    <message>
        <source>There is no program “{name}”. Install it, or name it in full.</source>
        <translation>程序“{name}”不存在。请安装它，或写出完整路径。</translation>
    </message>
    <message>
        <source>“{name}” may not be run.</source>
        <translation>“{name}”不能运行。</translation>
    </message>
    <message>
        <source>It could not be started: {why}.</source>
        <translation>无法启动：{why}。</translation>
    </message>
    <message>
        <source>Its lists did not come in time.</source>
        <translation>它的列表没有及时到达。</translation>
    </message>
    <message>
        <source>The connection was closed.</source>
        <translation>连接已关闭。</translation>
    </message>
    <message>
        <source>It refused: {why}</source>
        <translation>它拒绝了：{why}</translation>
    </message>
    <message>
        <source>Its answers do not follow the protocol.</source>
        <translation>它的回答不符合协议。</translation>
    </message>
    <message>
        <source>It could not be used: {why}.</source>
        <translation>无法使用：{why}。</translation>
    </message>
    <message>
        <source>It failed unexpectedly ({kind}).</source>
        <translation>意外失败（{kind}）。</translation>
    </message>
    <message>
        <source>It did not answer within {time}.</source>
        <translation>它在 {time} 内没有回应。</translation>
    </message>
    <message>
        <source>{reason} The last it wrote: “{text}”</source>
        <translation>{reason} 它最后写的是：“{text}”</translation>
    </message>
    <message>
        <source>The server did not answer in time.</source>
        <translation>服务器没有及时回应。</translation>
    </message>
    <message>
        <source>Its address cannot be used.</source>
        <translation>无法使用它的地址。</translation>
    </message>
    <message>
        <source>It cannot be reached: {why}.</source>
        <translation>无法连接：{why}。</translation>
    </message>
    <message>
        <source>A server needs a name of at most {number} characters.</source>
        <translation>服务器需要一个不超过 {number} 个字符的名称。</translation>
    </message>
    <message>
        <source>There is no command to start it with.</source>
        <translation>没有启动它的命令。</translation>
    </message>
    <message>
        <source>One of its texts is too long or has a NUL character in it.</source>
        <translation>其中一项文本过长，或含有 NUL 字符。</translation>
    </message>
    <message>
        <source>It has more than {number} arguments or variables.</source>
        <translation>它的参数或变量超过 {number} 个。</translation>
    </message>
    <message>
        <source>“{name}” is no name of a variable.</source>
        <translation>“{name}”不是变量名。</translation>
    </message>
    <message>
        <source>Its address cannot be read.</source>
        <translation>无法读取它的地址。</translation>
    </message>
    <message>
        <source>Its address has to begin with https:// (or http:// on this machine).</source>
        <translation>它的地址必须以 https:// 开头（本机可用 http://）。</translation>
    </message>
    <message>
        <source>Its address has a space in it.</source>
        <translation>它的地址含有空格。</translation>
    </message>
    <message>
        <source>Leave name and password out of the address; use a header instead.</source>
        <translation>请不要在地址中写用户名和密码；请改用请求头。</translation>
    </message>
    <message>
        <source>It has more than {number} headers.</source>
        <translation>它的请求头超过 {number} 个。</translation>
    </message>
    <message>
        <source>“{name}” cannot be used as a header.</source>
        <translation>“{name}”不能用作请求头。</translation>
    </message>
    <message>
        <source>The value of the header “{name}” has signs that a header cannot have.</source>
        <translation>请求头“{name}”的值含有不允许的字符。</translation>
    </message>
    <message>
        <source>Headers would go over the line readable by others; use an https:// address.</source>
        <translation>请求头在传输中可能被他人读取；请使用 https:// 地址。</translation>
    </message>
    <message>
        <source>The server “{name}” cannot be used. {why}</source>
        <translation>无法使用服务器“{name}”。{why}</translation>
    </message>
    <message>
        <source>Only the first {number} servers are used.</source>
        <translation>只使用前 {number} 个服务器。</translation>
    </message>
    <message>
        <source>It sent a message of more than {size}.</source>
        <translation>它发送了超过 {size} 的消息。</translation>
    </message>
    <message>
        <source>It closed its output.</source>
        <translation>它关闭了输出。</translation>
    </message>
    <message>
        <source>It was ended by signal {number}.</source>
        <translation>它被信号 {number} 终止。</translation>
    </message>
    <message>
        <source>It ended with exit code {number}.</source>
        <translation>它以退出码 {number} 结束。</translation>
    </message>
    <message>
        <source>It ended by itself.</source>
        <translation>它自行结束了。</translation>
    </message>
    <message>
        <source>{reason} It was started {number} times and given up.</source>
        <translation>{reason} 已启动 {number} 次，不再尝试。</translation>
    </message>
    <message>
        <source>The server “{name}” is not available.</source>
        <translation>服务器“{name}”不可用。</translation>
    </message>
    <message>
        <source>It is switched off.</source>
        <translation>它已关闭。</translation>
    </message>
    <message>
        <source>Switch it on in Settings, Tools.</source>
        <translation>请在“设置 &gt; 工具”中开启它。</translation>
    </message>
    <message>
        <source>Its program has not been allowed to run.</source>
        <translation>它的程序尚未获准运行。</translation>
    </message>
    <message>
        <source>Allow it in Settings, Tools.</source>
        <translation>请在“设置 &gt; 工具”中允许它。</translation>
    </message>
    <message>
        <source>Look at its output in Settings, Tools.</source>
        <translation>请在“设置 &gt; 工具”中查看它的输出。</translation>
    </message>
    <message>
        <source>A web search of the model</source>
        <translation>模型的网络搜索</translation>
    </message>
    <message>
        <source>Web search needs the address of SearXNG: {why}</source>
        <translation>网络搜索需要 SearXNG 的地址：{why}</translation>
    </message>
    <message>
        <source>Web search with Brave needs a key.</source>
        <translation>用 Brave 进行网络搜索需要密钥。</translation>
    </message>
    <message>
        <source>Web search needs a provider. Choose one in the settings, under Tools.</source>
        <translation>网络搜索需要一个服务商。请在设置的“工具”中选择。</translation>
    </message>
    <message>
        <source>the address ends with the instance&apos;s path, without ? and #</source>
        <translation>地址应以实例的路径结尾，不含 ? 和 #</translation>
    </message>
    <message>
        <source>There is none yet.</source>
        <translation>还没有。</translation>
    </message>
    <message>
        <source>Sends these words to {host}:</source>
        <translation>将这些词发送到 {host}：</translation>
    </message>
    <message>
        <source>Search the web</source>
        <translation>搜索网络</translation>
    </message>
    <message>
        <source>Files of the question</source>
        <translation>问题的文件</translation>
    </message>
    <message>
        <source>file</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Drop to open the model</source>
        <translation>拖放以打开模型</translation>
    </message>
    <message>
        <source>Drop to add to your question</source>
        <translation>拖放以添加到你的问题</translation>
    </message>
    <message>
        <source>Drop a model, a folder, or files for your question</source>
        <translation>拖放模型、文件夹或问题的文件</translation>
    </message>
    <message>
        <source>Persona</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Instructions of this chat…</source>
        <translation>本次聊天的指令…</translation>
    </message>
    <message>
        <source>Manage personas…</source>
        <translation>管理角色…</translation>
    </message>
    <message>
        <source>changed</source>
        <translation>已更改</translation>
    </message>
    <message>
        <source>Persona: {name}</source>
        <translation>角色：{name}</translation>
    </message>
    <message>
        <source>Persona: none</source>
        <translation>角色：无</translation>
    </message>
    <message>
        <source>Instructions for the model, under a name</source>
        <translation>给模型的指令，以一个名称保存</translation>
    </message>
    <message>
        <source>Persona of this chat</source>
        <translation>本次聊天的角色</translation>
    </message>
    <message>
        <source>More…</source>
        <translation>更多…</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Instructions</source>
        <translation>指令</translation>
    </message>
    <message>
        <source>Persona menu</source>
        <translation>角色菜单</translation>
    </message>
    <message>
        <source>Save as a new persona…</source>
        <translation>另存为新角色…</translation>
    </message>
    <message>
        <source>Save changes</source>
        <translation>保存更改</translation>
    </message>
    <message>
        <source>Undo the changes of this chat</source>
        <translation>撤销本次聊天的更改</translation>
    </message>
    <message>
        <source>Name of the persona</source>
        <translation>角色名称</translation>
    </message>
    <message>
        <source>Instructions of this chat</source>
        <translation>本次聊天的指令</translation>
    </message>
    <message>
        <source>Who the model is, what it should know, how it should answer. Empty: nothing.</source>
        <translation>模型是谁、应该知道什么、应该如何回答。留空：没有。</translation>
    </message>
    <message>
        <source>{count} characters, and {most} are possible. The text before still counts.</source>
        <translation>{count} 个字符，最多可以有 {most} 个。之前的文本仍然有效。</translation>
    </message>
    <message>
        <source>They stay with the chat and are not sent.</source>
        <translation>它们随聊天保存，但不会发送。</translation>
    </message>
    <message>
        <source>{name} (deleted)</source>
        <translation>{name}（已删除）</translation>
    </message>
    <message>
        <source>Saved to “{name}”. Other chats stay as they are.</source>
        <translation>已保存到“{name}”。其他聊天保持不变。</translation>
    </message>
    <message>
        <source>Saved as “{name}”.</source>
        <translation>已保存为“{name}”。</translation>
    </message>
    <message>
        <source>Close the instructions</source>
        <translation>关闭指令</translation>
    </message>
    <message>
        <source>Sampling…</source>
        <translation>采样…</translation>
    </message>
    <message>
        <source>The model reads this first, before every answer of this chat.</source>
        <translation>在本次聊天的每个回答之前，模型先读这些内容。</translation>
    </message>
    <message>
        <source>The instructions that were typed for this chat are replaced.</source>
        <translation>为本次聊天输入的指令已被替换。</translation>
    </message>
    <message>
        <source>Its instructions are not sent: {why}</source>
        <translation>指令不会发送：{why}</translation>
    </message>
    <message>
        <source>personas instructions system prompt role character assistant new edit duplicate delete</source>
        <translation>角色 指令 系统提示词 助手 新建 编辑 复制 删除</translation>
    </message>
    <message>
        <source>No instructions.</source>
        <translation>没有指令。</translation>
    </message>
    <message>
        <source>Duplicate “{name}”</source>
        <translation>复制“{name}”</translation>
    </message>
    <message>
        <source>Edit “{name}”</source>
        <translation>编辑“{name}”</translation>
    </message>
    <message>
        <source>Export “{name}”…</source>
        <translation>导出“{name}”…</translation>
    </message>
    <message>
        <source>Delete “{name}”</source>
        <translation>删除“{name}”</translation>
    </message>
    <message>
        <source>Personas {words}</source>
        <translation>角色 {words}</translation>
    </message>
    <message>
        <source>New persona</source>
        <translation>新角色</translation>
    </message>
    <message>
        <source>All personas</source>
        <translation>所有角色</translation>
    </message>
    <message>
        <source>Instructions for the model under a name, with sampling, thinking and tools. A chat keeps a copy: changing or deleting a persona changes no chat.</source>
        <translation>以一个名称保存的给模型的指令，包括采样、思考和工具。聊天保存的是副本：更改或删除角色不会改变任何聊天。</translation>
    </message>
    <message>
        <source>What you had changed was not saved.</source>
        <translation>你的更改没有保存。</translation>
    </message>
    <message>
        <source>Saved “{name}”.</source>
        <translation>已保存“{name}”。</translation>
    </message>
    <message>
        <source>Made “{name}”.</source>
        <translation>已创建“{name}”。</translation>
    </message>
    <message>
        <source>Deleted “{name}”. Its chats stay as they are.</source>
        <translation>已删除“{name}”。使用它的聊天保持不变。</translation>
    </message>
    <message>
        <source>About {count} tokens.</source>
        <translation>约 {count} 个 token。</translation>
    </message>
    <message>
        <source>1 token.</source>
        <translation>1 个 token。</translation>
    </message>
    <message>
        <source>{count} tokens.</source>
        <translation>{count} 个 token。</translation>
    </message>
    <message>
        <source>A change counts from the next question on, and the chat is read again.</source>
        <translation>更改从下一个问题起生效，聊天内容会重新读取。</translation>
    </message>
    <message>
        <source>Sampling: {use}</source>
        <translation>采样：{use}</translation>
    </message>
    <message>
        <source>on</source>
        <translation>开</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>{count} changed</source>
        <translation>更改 {count} 项</translation>
    </message>
    <message>
        <source>{name}: {state}</source>
        <translation>{name}：{state}</translation>
    </message>
    <message>
        <source>{text}, for this chat</source>
        <translation>{text}，仅限本次聊天</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>thinking</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>tools</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>Its sampling is not a JSON object and was left out.</source>
        <translation>它的采样不是 JSON 对象，已略去。</translation>
    </message>
    <message>
        <source>Model defaults</source>
        <translation>模型默认值</translation>
    </message>
    <message>
        <source>Whether it has {name} is neither on nor off and was left out.</source>
        <translation>它的 {name} 既不是开也不是关，已略去。</translation>
    </message>
    <message>
        <source>Its instructions are not a text and were left out.</source>
        <translation>它的指令不是文本，已略去。</translation>
    </message>
    <message>
        <source>Its instructions are longer than {most_instructions:,} characters.</source>
        <translation>它的指令超过 {most_instructions:,} 个字符。</translation>
    </message>
    <message>
        <source>A persona of yours has no name and was left out.</source>
        <translation>你的一个角色没有名称，已略去。</translation>
    </message>
    <message>
        <source>The device {name} is not there.</source>
        <translation>设备 {name} 不存在。</translation>
    </message>
    <message>
        <source>The engine can use: {value}.</source>
        <translation>引擎可以使用：{value}。</translation>
    </message>
    <message>
        <source>Choose another device, or check the driver and the cable of this one.</source>
        <translation>请选择其他设备，或检查该设备的驱动和连线。</translation>
    </message>
    <message>
        <source>This build of the engine cannot use other machines.</source>
        <translation>这个构建的引擎不能使用其他机器。</translation>
    </message>
    <message>
        <source>It was built without the RPC backend.</source>
        <translation>它构建时没有 RPC 后端。</translation>
    </message>
    <message>
        <source>Build the engine again with GGML_RPC on.</source>
        <translation>请开启 GGML_RPC 重新构建引擎。</translation>
    </message>
    <message>
        <source>The worker at {endpoint} has no devices.</source>
        <translation>{endpoint} 上的工作进程没有设备。</translation>
    </message>
    <message>
        <source>Start it again there.</source>
        <translation>请在那里重新启动它。</translation>
    </message>
    <message>
        <source>A worker of the engine</source>
        <translation>引擎的一个工作进程</translation>
    </message>
    <message>
        <source>The worker at {endpoint} does not answer.</source>
        <translation>{endpoint} 上的工作进程没有回应。</translation>
    </message>
    <message>
        <source>Start it there, and check the address and the firewall.</source>
        <translation>请在那里启动它，并检查地址和防火墙。</translation>
    </message>
    <message>
        <source>Closed.</source>
        <translation>已关闭。</translation>
    </message>
    <message>
        <source>stopped answering</source>
        <translation>停止了回应</translation>
    </message>
    <message>
        <source>The figures cannot be read: {strerror}.</source>
        <translation>无法读取数据：{strerror}。</translation>
    </message>
    <message>
        <source>as built</source>
        <translation>按配置</translation>
    </message>
    <message>
        <source>{gib} GB on the box are GiB: {size} GB.</source>
        <translation>包装盒上的 {gib} GB 是 GiB：{size} GB。</translation>
    </message>
    <message>
        <source>{gib} GB on the box; its driver shows about {size} GB.</source>
        <translation>包装盒上写 {gib} GB；驱动显示约 {size} GB。</translation>
    </message>
    <message>
        <source>{kept} GB of them are left to the driver.</source>
        <translation>其中 {kept} GB 留给驱动。</translation>
    </message>
    <message>
        <source>macOS lets the GPU have two thirds, or three quarters of more than 36 GB.</source>
        <translation>macOS 允许 GPU 使用三分之二，超过 36 GB 时为四分之三。</translation>
    </message>
    <message>
        <source>The GPU is taken to have nearly all of it; Linux gives it half at first.</source>
        <translation>按 GPU 几乎可以使用全部来计算；Linux 起初只给一半。</translation>
    </message>
    <message>
        <source>The system lets the GPU have half of it.</source>
        <translation>系统允许 GPU 使用其中一半。</translation>
    </message>
    <message>
        <source>The system keeps about a twelfth.</source>
        <translation>系统保留约十二分之一。</translation>
    </message>
    <message>
        <source>indistinguishable</source>
        <translation>无法区分</translation>
    </message>
    <message>
        <source>very good</source>
        <translation>很好</translation>
    </message>
    <message>
        <source>good</source>
        <translation>好</translation>
    </message>
    <message>
        <source>degraded</source>
        <translation>有损</translation>
    </message>
    <message>
        <source>emergency only</source>
        <translation>仅应急</translation>
    </message>
    <message>
        <source>Estimated from measurements of {model} at other sizes.</source>
        <translation>根据 {model} 其他大小的实测估算。</translation>
    </message>
    <message>
        <source>Measured against {baseline}, not against the unquantized model.</source>
        <translation>以 {baseline} 为基准测得，而不是以未量化的模型为基准。</translation>
    </message>
    <message>
        <source>{family} was not measured; {model} stands in for it.</source>
        <translation>{family} 没有实测数据，用 {model} 代替。</translation>
    </message>
    <message>
        <source>The two differ much, and smaller or pruned models usually lose more.</source>
        <translation>两者差别很大，较小或经过剪枝的模型通常损失更多。</translation>
    </message>
    <message>
        <source>Better than the measurements can tell.</source>
        <translation>比实测所能分辨的还要好。</translation>
    </message>
    <message>
        <source>Smaller than anything that was measured: expect worse.</source>
        <translation>比所有实测过的都小：效果会更差。</translation>
    </message>
    <message>
        <source>Open a model first, then send it.</source>
        <translation>请先打开模型，再发送。</translation>
    </message>
    <message>
        <source>This message is not there any more. It has been deleted.</source>
        <translation>这条消息已不存在。它已被删除。</translation>
    </message>
    <message>
        <source>The answer and all replies to it are deleted.</source>
        <translation>已删除这个回答及其所有回复。</translation>
    </message>
    <message>
        <source>The question and all replies to it are deleted.</source>
        <translation>已删除这个问题及其所有回复。</translation>
    </message>
    <message>
        <source>The disk does not answer. This chat is not saved yet.</source>
        <translation>磁盘没有回应。这个聊天尚未保存。</translation>
    </message>
    <message>
        <source>seed {seed}</source>
        <translation>种子 {seed}</translation>
    </message>
    <message>
        <source>and more</source>
        <translation>等</translation>
    </message>
    <message>
        <source>That is in another version. Stop the answer first, then open it.</source>
        <translation>它在另一个版本中。请先停止回答，再打开它。</translation>
    </message>
    <message>
        <source>An answer is being written. Stop it first.</source>
        <translation>正在写回答。请先停止它。</translation>
    </message>
    <message>
        <source>Open a model first.</source>
        <translation>请先打开模型。</translation>
    </message>
    <message>
        <source>No model is loaded.</source>
        <translation>没有加载模型。</translation>
    </message>
    <message>
        <source>The chat is being read.</source>
        <translation>正在读取聊天。</translation>
    </message>
    <message>
        <source>This is the first version.</source>
        <translation>这是第一个版本。</translation>
    </message>
    <message>
        <source>This is the last version.</source>
        <translation>这是最后一个版本。</translation>
    </message>
    <message>
        <source>{title} (branch)</source>
        <translation>{title}（分支）</translation>
    </message>
    <message>
        <source>The program ended while this was written. What there was is kept.</source>
        <translation>写到这里时程序结束了。已有的内容都已保留。</translation>
    </message>
    <message>
        <source>No answer yet</source>
        <translation>还没有回答</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Attached: {name}</source>
        <translation>已附加：{name}</translation>
    </message>
    <message>
        <source>{place} of {count}</source>
        <translation>{place} / {count}</translation>
    </message>
    <message>
        <source>Go on with this answer where it broke off</source>
        <translation>从中断处继续这个回答</translation>
    </message>
    <message>
        <source>Prompt read</source>
        <translation>提示词读取进度</translation>
    </message>
    <message>
        <source>Copy answer</source>
        <translation>复制回答</translation>
    </message>
    <message>
        <source>More that can be done with the answer</source>
        <translation>可以对回答做的更多操作</translation>
    </message>
    <message>
        <source>Answer {place} of {count}</source>
        <translation>第 {place} 个回答，共 {count} 个</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Speed, wait and prompt of this answer</source>
        <translation>这个回答的速度、等待时间和提示词</translation>
    </message>
    <message>
        <source>Copy as Markdown</source>
        <translation>复制为 Markdown</translation>
    </message>
    <message>
        <source>Copy as plain text</source>
        <translation>复制为纯文本</translation>
    </message>
    <message>
        <source>Go to the newest text</source>
        <translation>转到最新的文本</translation>
    </message>
    <message>
        <source>The old question stays, with its answers.</source>
        <translation>旧问题及其回答会保留。</translation>
    </message>
    <message>
        <source>Ctrl+Enter sends, Esc cancels.</source>
        <translation>Ctrl+Enter 发送，Esc 取消。</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Send (Ctrl+Enter)</source>
        <translation>发送（Ctrl+Enter）</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Show more</source>
        <translation>显示更多</translation>
    </message>
    <message>
        <source>Question {place} of {count}</source>
        <translation>第 {place} 个问题，共 {count} 个</translation>
    </message>
    <message>
        <source>Paused, because you stopped the answer</source>
        <translation>已暂停，因为你停止了回答</translation>
    </message>
    <message>
        <source>Paused, because the answer failed</source>
        <translation>已暂停，因为回答失败</translation>
    </message>
    <message>
        <source>Paused, because the context is full</source>
        <translation>已暂停，因为上下文已满</translation>
    </message>
    <message>
        <source>Paused, because no model is open</source>
        <translation>已暂停，因为没有打开模型</translation>
    </message>
    <message>
        <source>Not sent yet</source>
        <translation>尚未发送</translation>
    </message>
    <message>
        <source>Questions that wait</source>
        <translation>等待中的问题</translation>
    </message>
    <message>
        <source>1 question waits</source>
        <translation>1 个问题在等待</translation>
    </message>
    <message>
        <source>{number} questions wait</source>
        <translation>{number} 个问题在等待</translation>
    </message>
    <message>
        <source>{waiting} · sent when the answer is done</source>
        <translation>{waiting} · 回答结束后发送</translation>
    </message>
    <message>
        <source>Ask the first one now, the others after it</source>
        <translation>现在问第一个，其余随后</translation>
    </message>
    <message>
        <source>The question does not wait any more.</source>
        <translation>这个问题不再等待。</translation>
    </message>
    <message>
        <source>Ask it earlier</source>
        <translation>提前问</translation>
    </message>
    <message>
        <source>Ask it later</source>
        <translation>推后问</translation>
    </message>
    <message>
        <source>Take it out</source>
        <translation>取出</translation>
    </message>
    <message>
        <source>with 1 file</source>
        <translation>带 1 个文件</translation>
    </message>
    <message>
        <source>with {files} files</source>
        <translation>带 {files} 个文件</translation>
    </message>
    <message>
        <source>Question {place} of {number}: {text}</source>
        <translation>第 {place} 个问题，共 {number} 个：{text}</translation>
    </message>
    <message>
        <source>The question that waits</source>
        <translation>等待中的问题</translation>
    </message>
    <message>
        <source>Enter keeps the change, Shift+Enter starts a new line, Esc gives it up.</source>
        <translation>Enter 保留更改，Shift+Enter 换行，Esc 放弃。</translation>
    </message>
    <message>
        <source>The hosts that this program has contacted since the list was last cleared, at most {most} of them. The list stays on this machine. What the launcher fetched to prepare the program is not in it.</source>
        <translation>自上次清空列表以来本程序联系过的主机，最多 {most} 个。列表保存在这台机器上。启动器为准备程序而获取的内容不在其中。</translation>
    </message>
    <message>
        <source>Clear the list</source>
        <translation>清空列表</translation>
    </message>
    <message>
        <source>Contacted hosts</source>
        <translation>联系过的主机</translation>
    </message>
    <message>
        <source>The list is cleared.</source>
        <translation>列表已清空。</translation>
    </message>
    <message>
        <source>No host has been contacted.</source>
        <translation>没有联系过任何主机。</translation>
    </message>
    <message>
        <source>Show fewer</source>
        <translation>显示较少</translation>
    </message>
    <message>
        <source>Show all {number}</source>
        <translation>全部显示（{number}）</translation>
    </message>
    <message>
        <source>once</source>
        <translation>一次</translation>
    </message>
    <message>
        <source>{times} times</source>
        <translation>{times} 次</translation>
    </message>
    <message>
        <source>Use {server}</source>
        <translation>使用 {server}</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>On</source>
        <translation>开</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>As set for new chats</source>
        <translation>与新聊天的设置相同</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>Values · {count} changed</source>
        <translation>数值 · 已更改 {count} 项</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>重新启动</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>启动</translation>
    </message>
    <message>
        <source>Output of {server}</source>
        <translation>{server} 的输出</translation>
    </message>
    <message>
        <source>It has written nothing in this run of the program.</source>
        <translation>本次运行期间它没有写任何内容。</translation>
    </message>
    <message>
        <source>Allow and start</source>
        <translation>允许并启动</translation>
    </message>
    <message>
        <source>Run this program on your machine?</source>
        <translation>要在你的机器上运行这个程序吗？</translation>
    </message>
    <message>
        <source>It gets your rights: it can read and change what you can, and use the network. Allow it when you know where it comes from. A changed command is asked about again.</source>
        <translation>它拥有你的权限：可以读取和更改你能读取和更改的内容，并使用网络。请在知道其来源时才允许。命令更改后会再次询问。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>for example: my files</source>
        <translation>例如：我的文件</translation>
    </message>
    <message>
        <source>Kind of server</source>
        <translation>服务器类型</translation>
    </message>
    <message>
        <source>A program on this machine</source>
        <translation>这台机器上的程序</translation>
    </message>
    <message>
        <source>An address on the network</source>
        <translation>网络上的地址</translation>
    </message>
    <message>
        <source>Command with its arguments</source>
        <translation>命令及其参数</translation>
    </message>
    <message>
        <source>Folder it runs in</source>
        <translation>运行所在的文件夹</translation>
    </message>
    <message>
        <source>your home folder</source>
        <translation>你的主文件夹</translation>
    </message>
    <message>
        <source>The system&apos;s</source>
        <translation>系统字体</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Add a folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>{label}: add one</source>
        <translation>{label}：添加一个</translation>
    </message>
    <message>
        <source>Take {path} off the list</source>
        <translation>从列表移除 {path}</translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation>选择文件夹</translation>
    </message>
    <message>
        <source>Choose the folder it runs in</source>
        <translation>选择运行所在的文件夹</translation>
    </message>
    <message>
        <source>Variable</source>
        <translation>变量</translation>
    </message>
    <message>
        <source>Add a variable</source>
        <translation>添加变量</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Header</source>
        <translation>请求头</translation>
    </message>
    <message>
        <source>Add a header</source>
        <translation>添加请求头</translation>
    </message>
    <message>
        <source>There is another server of that name.</source>
        <translation>已有同名的另一个服务器。</translation>
    </message>
    <message>
        <source>A quote in the command is not closed.</source>
        <translation>命令中的引号没有闭合。</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Variables</source>
        <translation>变量</translation>
    </message>
    <message>
        <source>Headers</source>
        <translation>请求头</translation>
    </message>
    <message>
        <source>Values are not shown again. They lie in the settings file, which only you can read.</source>
        <translation>值不会再次显示。它们保存在只有你能读取的设置文件中。</translation>
    </message>
    <message>
        <source>{what}: name</source>
        <translation>{what}：名称</translation>
    </message>
    <message>
        <source>{what}: value, not shown</source>
        <translation>{what}：值，未显示</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
    <message>
        <source>Remove this line</source>
        <translation>移除这一行</translation>
    </message>
    <message>
        <source>Servers as JSON</source>
        <translation>以 JSON 表示的服务器</translation>
    </message>
    <message>
        <source>Paste the block that a server&apos;s instructions give for Claude, Cursor or another program. You see what is in it before it is added, and nothing runs by that.</source>
        <translation>请粘贴服务器说明中给 Claude、Cursor 或其他程序的那一段。添加之前会显示其内容，此时不会运行任何程序。</translation>
    </message>
    <message>
        <source>Found on this machine:</source>
        <translation>在这台机器上找到：</translation>
    </message>
    <message>
        <source>{program} · {number}</source>
        <translation>{program} · {number}</translation>
    </message>
    <message>
        <source>Show the servers of {program}</source>
        <translation>显示 {program} 的服务器</translation>
    </message>
    <message>
        <source>Add {number} servers</source>
        <translation>添加 {number} 个服务器</translation>
    </message>
    <message>
        <source>Add this server</source>
        <translation>添加这个服务器</translation>
    </message>
    <message>
        <source> · with {names}</source>
        <translation> · 含 {names}</translation>
    </message>
    <message>
        <source>MCP servers</source>
        <translation>MCP 服务器</translation>
    </message>
    <message>
        <source>Programs and services that give the model more tools, such as your files, a database or a browser. They start when they are needed, and each call is asked about as with other tools.</source>
        <translation>为模型提供更多工具的程序和服务，例如你的文件、数据库或浏览器。它们在需要时启动，每次调用都像其他工具一样询问。</translation>
    </message>
    <message>
        <source>Add a server…</source>
        <translation>添加服务器…</translation>
    </message>
    <message>
        <source>Paste JSON…</source>
        <translation>粘贴 JSON…</translation>
    </message>
    <message>
        <source>{number} servers added</source>
        <translation>已添加 {number} 个服务器</translation>
    </message>
    <message>
        <source>“{server}” is removed.</source>
        <translation>“{server}”已移除。</translation>
    </message>
    <message>
        <source>New server</source>
        <translation>新服务器</translation>
    </message>
    <message>
        <source>It has no tools.</source>
        <translation>它没有工具。</translation>
    </message>
    <message>
        <source>{number} more are left out: that many cannot be offered.</source>
        <translation>另有 {number} 个未提供：无法提供这么多。</translation>
    </message>
    <message>
        <source>Left out. {why}</source>
        <translation>未提供。{why}</translation>
    </message>
    <message>
        <source>Offer {tool}</source>
        <translation>提供 {tool}</translation>
    </message>
    <message>
        <source>Not allowed yet</source>
        <translation>尚未允许</translation>
    </message>
    <message>
        <source>Starts when needed</source>
        <translation>需要时启动</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>正在启动</translation>
    </message>
    <message>
        <source>Starting again</source>
        <translation>正在重新启动</translation>
    </message>
    <message>
        <source>Does not run</source>
        <translation>没有运行</translation>
    </message>
    <message>
        <source>{number} resources</source>
        <translation>{number} 个资源</translation>
    </message>
    <message>
        <source>1 resource</source>
        <translation>1 个资源</translation>
    </message>
    <message>
        <source>{number} prompts</source>
        <translation>{number} 个提示</translation>
    </message>
    <message>
        <source>1 prompt</source>
        <translation>1 个提示</translation>
    </message>
    <message>
        <source>{what}. Its tools take about {number} tokens of every question.</source>
        <translation>{what}。它的工具在每个问题中占约 {number} 个 token。</translation>
    </message>
    <message>
        <source>1 tool</source>
        <translation>1 个工具</translation>
    </message>
    <message>
        <source>{number} tools</source>
        <translation>{number} 个工具</translation>
    </message>
    <message>
        <source>{number} of {all} tools</source>
        <translation>{number} 个工具，共 {all} 个</translation>
    </message>
    <message>
        <source>says: only reads</source>
        <translation>自称：只读取</translation>
    </message>
    <message>
        <source>says: may overwrite or delete</source>
        <translation>自称：可能覆盖或删除</translation>
    </message>
    <message>
        <source>Programs that a model writes run in a sandbox without network and without your files, with limits on memory, time and output. You allow them before they run.</source>
        <translation>模型编写的程序在沙箱中运行，没有网络，也看不到你的文件，内存、时间和输出都受限制。运行之前由你允许。</translation>
    </message>
    <message>
        <source>{title} {text} code sandbox bubblewrap tools</source>
        <translation>{title} {text} code sandbox bubblewrap tools 代码 沙箱 工具</translation>
    </message>
    <message>
        <source>Running Python</source>
        <translation>运行 Python</translation>
    </message>
    <message>
        <source>Trying the sandbox…</source>
        <translation>正在试用沙箱…</translation>
    </message>
    <message>
        <source>The sandbox works: models can run Python, when you allow it.</source>
        <translation>沙箱可以使用：经你允许后，模型可以运行 Python。</translation>
    </message>
    <message>
        <source>Key for Brave Search</source>
        <translation>Brave Search 的密钥</translation>
    </message>
    <message>
        <source>Try the web search</source>
        <translation>试用网络搜索</translation>
    </message>
    <message>
        <source>{title} Brave key SearXNG internet test provider password</source>
        <translation>{title} Brave key SearXNG internet test provider password 密钥 互联网 测试 服务商</translation>
    </message>
    <message>
        <source>Models can search the web. They ask you first.</source>
        <translation>模型可以搜索网络。它们会先询问你。</translation>
    </message>
    <message>
        <source>The address begins with http: others on the way can read the searches.</source>
        <translation>地址以 http: 开头：传输途中他人可以读到搜索内容。</translation>
    </message>
    <message>
        <source>That is not a key: it is one word of 8 characters or more.</source>
        <translation>这不是密钥：密钥是一个不少于 8 个字符的词。</translation>
    </message>
    <message>
        <source>Searching for “{words}”…</source>
        <translation>正在搜索“{words}”…</translation>
    </message>
    <message>
        <source>The key is kept in this system&apos;s keyring.</source>
        <translation>密钥保存在这个系统的密钥环中。</translation>
    </message>
    <message>
        <source>The key is kept. This system has no keyring: it is in a file that only you can read, unencrypted.</source>
        <translation>密钥已保存。这个系统没有密钥环：它保存在只有你能读取的文件中，未加密。</translation>
    </message>
    <message>
        <source>The provider answers, but found nothing.</source>
        <translation>服务商有回应，但没有找到结果。</translation>
    </message>
    <message>
        <source>It works. Results: {number}; the first is “{title}”.</source>
        <translation>可以使用。结果：{number} 条；第一条是“{title}”。</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Keep the key</source>
        <translation>保存密钥</translation>
    </message>
    <message>
        <source>Remove the key</source>
        <translation>移除密钥</translation>
    </message>
    <message>
        <source>Try a search</source>
        <translation>试搜一次</translation>
    </message>
    <message>
        <source>Sends the words “{words}” to the provider.</source>
        <translation>将“{words}”发送给服务商。</translation>
    </message>
    <message>
        <source>Brave asks for a key. Make one at brave.com/search/api. It goes to api.search.brave.com alone.</source>
        <translation>Brave 需要密钥。请在 brave.com/search/api 创建。它只发送到 api.search.brave.com。</translation>
    </message>
    <message>
        <source>done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>not run</source>
        <translation>未运行</translation>
    </message>
    <message>
        <source>Every call that ran or that you denied, with its arguments and sizes, but not what tools returned. Only the latest are kept, on this machine.</source>
        <translation>每次已运行或被你拒绝的调用，包括参数和大小，但不包括工具返回的内容。只在这台机器上保留最近的。</translation>
    </message>
    <message>
        <source>What tools did</source>
        <translation>工具做过什么</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>{number} lines written to {name}.</source>
        <translation>已将 {number} 行写入 {name}。</translation>
    </message>
    <message>
        <source>Only the latest {number} are shown; an export has all.</source>
        <translation>只显示最近的 {number} 条；导出包含全部。</translation>
    </message>
    <message>
        <source>No tool has been called yet.</source>
        <translation>还没有调用过工具。</translation>
    </message>
    <message>
        <source>Export what tools did</source>
        <translation>导出工具做过什么</translation>
    </message>
    <message>
        <source>The latest changes of tools, and what the files held before.</source>
        <translation>工具最近的更改，以及文件之前的内容。</translation>
    </message>
    <message>
        <source>Files that tools changed</source>
        <translation>工具更改过的文件</translation>
    </message>
    <message>
        <source>Remove all earlier versions</source>
        <translation>移除所有先前版本</translation>
    </message>
    <message>
        <source>{path} is as it was before.</source>
        <translation>{path} 已恢复原样。</translation>
    </message>
    <message>
        <source>No tool has changed a file yet.</source>
        <translation>还没有工具更改过文件。</translation>
    </message>
    <message>
        <source>… calling</source>
        <translation>… 正在调用</translation>
    </message>
    <message>
        <source>? asks you</source>
        <translation>? 向你询问</translation>
    </message>
    <message>
        <source>… running</source>
        <translation>… 正在运行</translation>
    </message>
    <message>
        <source>✓ done</source>
        <translation>✓ 完成</translation>
    </message>
    <message>
        <source>✕ failed</source>
        <translation>✕ 失败</translation>
    </message>
    <message>
        <source>– not allowed</source>
        <translation>– 不允许</translation>
    </message>
    <message>
        <source>– stopped</source>
        <translation>– 已停止</translation>
    </message>
    <message>
        <source>! not run</source>
        <translation>! 未运行</translation>
    </message>
    <message>
        <source>Tool result</source>
        <translation>工具结果</translation>
    </message>
    <message>
        <source>Put back</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>The file becomes what it was before this call</source>
        <translation>文件恢复为这次调用之前的样子</translation>
    </message>
    <message>
        <source>put back</source>
        <translation>已恢复</translation>
    </message>
    <message>
        <source>Tool {name} {arguments}: {text}. {reason}</source>
        <translation>工具 {name} {arguments}：{text}。{reason}</translation>
    </message>
    <message>
        <source>Show all ({more} more characters)</source>
        <translation>全部显示（还有 {more} 个字符）</translation>
    </message>
    <message>
        <source>Show less</source>
        <translation>显示较少</translation>
    </message>
    <message>
        <source>Remove it</source>
        <translation>移除它</translation>
    </message>
    <message>
        <source>{number} characters</source>
        <translation>{number} 个字符</translation>
    </message>
    <message>
        <source>Open a folder to tools</source>
        <translation>向工具开放文件夹</translation>
    </message>
    <message>
        <source>Open a folder…</source>
        <translation>开放文件夹…</translation>
    </message>
    <message>
        <source>Write</source>
        <translation>写入</translation>
    </message>
    <message>
        <source>Tools may write in {folder}</source>
        <translation>工具可以在 {folder} 中写入</translation>
    </message>
    <message>
        <source>Close {folder} to tools</source>
        <translation>不再向工具开放 {folder}</translation>
    </message>
    <message>
        <source>What you have allowed always, in every chat. What is allowed for one chat is kept with that chat; the menu beside Tools in the chat takes it back.</source>
        <translation>你在所有聊天中始终允许的内容。只对一个聊天允许的内容随该聊天保存；可在聊天中“工具”旁的菜单收回。</translation>
    </message>
    <message>
        <source>Which tools the model is offered, where a chat says nothing else. Every tool that is offered makes the prompt longer. Tools of MCP servers have their switches there.</source>
        <translation>在聊天没有另行设置时，向模型提供哪些工具。提供的每个工具都会使提示词变长。MCP 服务器的工具在那里有各自的开关。</translation>
    </message>
    <message>
        <source>Nothing is always allowed.</source>
        <translation>没有始终允许的内容。</translation>
    </message>
    <message>
        <source>Tools may read in these folders and, where you allow it, write. Before they write, you see the changes, unless you have allowed that for the chat or always. Keys, passwords and the program&apos;s own files are off limits in any folder.</source>
        <translation>工具可以读取这些文件夹，并在你允许时写入。写入之前你会看到更改内容，除非你已对此聊天或始终允许。任何文件夹中的密钥、密码和程序自身的文件都禁止访问。</translation>
    </message>
    <message>
        <source>Take all back</source>
        <translation>全部收回</translation>
    </message>
    <message>
        <source>Take back</source>
        <translation>收回</translation>
    </message>
    <message>
        <source>Take back: {permission}</source>
        <translation>收回：{permission}</translation>
    </message>
    <message>
        <source>{name} is a spreadsheet, which cannot be read here.</source>
        <translation>{name} 是电子表格，这里无法读取。</translation>
    </message>
    <message>
        <source>Save the sheet as CSV, and add that file.</source>
        <translation>请将工作表保存为 CSV，再添加该文件。</translation>
    </message>
    <message>
        <source>{name} is a presentation, which cannot be read here.</source>
        <translation>{name} 是演示文稿，这里无法读取。</translation>
    </message>
    <message>
        <source>Export it as PDF, and add that file.</source>
        <translation>请导出为 PDF，再添加该文件。</translation>
    </message>
    <message>
        <source>{name} is an electronic book, which cannot be read here.</source>
        <translation>{name} 是电子书，这里无法读取。</translation>
    </message>
    <message>
        <source>Convert it to text or PDF, and add that.</source>
        <translation>请转换为文本或 PDF，再添加。</translation>
    </message>
    <message>
        <source>{name} is an OpenDocument file, which cannot be read here.</source>
        <translation>{name} 是 OpenDocument 文件，这里无法读取。</translation>
    </message>
    <message>
        <source>Save it as .docx, PDF or CSV, and add that file.</source>
        <translation>请保存为 .docx、PDF 或 CSV，再添加该文件。</translation>
    </message>
    <message>
        <source>{name} is a Word document without text.</source>
        <translation>{name} 是没有文本的 Word 文档。</translation>
    </message>
    <message>
        <source>Save it again as .docx, and add that file.</source>
        <translation>请重新保存为 .docx，再添加该文件。</translation>
    </message>
    <message>
        <source>{name} is an archive.</source>
        <translation>{name} 是压缩包。</translation>
    </message>
    <message>
        <source>Unpack it, and add the files that matter from it.</source>
        <translation>请解压，再添加其中重要的文件。</translation>
    </message>
    <message>
        <source>Western European (Windows-1252)</source>
        <translation>西欧（Windows-1252）</translation>
    </message>
    <message>
        <source>The file does not say how its letters are coded. It was read as {encoding}; some letters may be wrong.</source>
        <translation>文件没有说明字符编码。已按 {encoding} 读取；有些字母可能有误。</translation>
    </message>
    <message>
        <source>Places that could not be read and are shown as �: {count}.</source>
        <translation>无法读取、显示为 � 的位置：{count} 处。</translation>
    </message>
    <message>
        <source>Taking it apart took longer than {duration}.</source>
        <translation>拆解它用时超过 {duration}。</translation>
    </message>
    <message>
        <source>It made the part of the program that reads it break off.</source>
        <translation>它使读取它的程序部分中断。</translation>
    </message>
    <message>
        <source>Only the pages up to {page} were read.</source>
        <translation>只读取了到第 {page} 页为止的内容。</translation>
    </message>
    <message>
        <source>{name} is sound or film.</source>
        <translation>{name} 是音频或视频。</translation>
    </message>
    <message>
        <source>The model reads text only.</source>
        <translation>模型只能读取文本。</translation>
    </message>
    <message>
        <source>Add a transcript of it.</source>
        <translation>请添加它的文字稿。</translation>
    </message>
    <message>
        <source>{name} is a model, not something to read.</source>
        <translation>{name} 是模型，不是可供阅读的内容。</translation>
    </message>
    <message>
        <source>To open it, drop it on the window alone, or choose it on the page Models.</source>
        <translation>要打开它，请单独拖放到窗口，或在“模型”页选择。</translation>
    </message>
    <message>
        <source>{name} is an Office file of the old kind, or one with a password.</source>
        <translation>{name} 是旧格式或带密码的 Office 文件。</translation>
    </message>
    <message>
        <source>Save it as .docx, PDF or CSV without a password, and add that file.</source>
        <translation>请不带密码保存为 .docx、PDF 或 CSV，再添加该文件。</translation>
    </message>
    <message>
        <source>{name} is a database.</source>
        <translation>{name} 是数据库。</translation>
    </message>
    <message>
        <source>Export what matters as CSV, and add that file.</source>
        <translation>请将重要的内容导出为 CSV，再添加该文件。</translation>
    </message>
    <message>
        <source>{name} is a picture.</source>
        <translation>{name} 是图片。</translation>
    </message>
    <message>
        <source>The model reads text only and cannot see it.</source>
        <translation>模型只能读取文本，看不到它。</translation>
    </message>
    <message>
        <source>Describe it in words, or paste the text that is in it.</source>
        <translation>请用文字描述，或粘贴其中的文字。</translation>
    </message>
    <message>
        <source>{name} is not text.</source>
        <translation>{name} 不是文本。</translation>
    </message>
    <message>
        <source>It is a program or data in a form that only its own program understands.</source>
        <translation>它是程序，或只有其自身程序才能理解的数据。</translation>
    </message>
    <message>
        <source>Export it as text, CSV or PDF, and add that file.</source>
        <translation>请导出为文本、CSV 或 PDF，再添加该文件。</translation>
    </message>
    <message>
        <source>{name} holds no text.</source>
        <translation>{name} 中没有文本。</translation>
    </message>
    <message>
        <source>Its pages are probably scanned pictures, which the model cannot see.</source>
        <translation>它的页面可能是扫描的图片，模型看不到。</translation>
    </message>
    <message>
        <source>Run it through a text recognition (OCR) first, or paste the text.</source>
        <translation>请先进行文字识别（OCR），或粘贴文本。</translation>
    </message>
    <message>
        <source>{name} holds no text that can be read.</source>
        <translation>{name} 中没有可以读取的文本。</translation>
    </message>
    <message>
        <source>Its fonts do not say which letters they draw.</source>
        <translation>它的字体没有说明所绘的是哪些字母。</translation>
    </message>
    <message>
        <source>Many of its letters could not be read and are shown as �.</source>
        <translation>其中许多字母无法读取，显示为 �。</translation>
    </message>
    <message>
        <source>Pages that could not be read: {pages}.</source>
        <translation>无法读取的页面：{pages}。</translation>
    </message>
    <message>
        <source>Pages without text, perhaps pictures only: {pages}.</source>
        <translation>没有文本的页面，可能只有图片：{pages}。</translation>
    </message>
    <message>
        <source>Only the first {read} of {total} pages were read.</source>
        <translation>只读取了前 {read} 页，共 {total} 页。</translation>
    </message>
    <message>
        <source>{name} is protected with a password.</source>
        <translation>{name} 有密码保护。</translation>
    </message>
    <message>
        <source>Open it in a PDF viewer, save a copy without the password, and add that.</source>
        <translation>请在 PDF 阅读器中打开，另存一份不带密码的副本，再添加。</translation>
    </message>
    <message>
        <source>{name} is encrypted in a way that cannot be read here.</source>
        <translation>{name} 的加密方式在这里无法读取。</translation>
    </message>
    <message>
        <source>Save a copy of it without encryption, and add that.</source>
        <translation>请另存一份未加密的副本，再添加。</translation>
    </message>
    <message>
        <source>The PDF is damaged or unusual.</source>
        <translation>PDF 已损坏或不常见。</translation>
    </message>
    <message>
        <source>Open it in a PDF viewer and save or print it as a new PDF, or paste the text.</source>
        <translation>请在 PDF 阅读器中打开并另存或打印为新的 PDF，或粘贴文本。</translation>
    </message>
    <message>
        <source>It is empty, or holds pictures only, which the model cannot see.</source>
        <translation>它是空的，或只有图片，模型看不到。</translation>
    </message>
    <message>
        <source>Add another file, or paste the text.</source>
        <translation>请添加其他文件，或粘贴文本。</translation>
    </message>
    <message>
        <source>Pictures in it are left out ({count}): the model reads text only.</source>
        <translation>其中的图片已略去（{count} 张）：模型只能读取文本。</translation>
    </message>
    <message>
        <source>It holds {parts} parts, which documents do not. It may be made to do harm.</source>
        <translation>它含有 {parts} 个部分，正常文档不会这样。它可能是恶意制作的。</translation>
    </message>
    <message>
        <source>Unpacked it would be {size}. It may be made to fill up memory.</source>
        <translation>解压后将达 {size}。它可能是为占满内存而制作的。</translation>
    </message>
    <message>
        <source>The document is damaged, or it is not a Word document.</source>
        <translation>文档已损坏，或不是 Word 文档。</translation>
    </message>
    <message>
        <source>Open it in a word processor and save it again, or paste the text.</source>
        <translation>请在文字处理程序中打开并重新保存，或粘贴文本。</translation>
    </message>
    <message>
        <source>{name} is not opened.</source>
        <translation>没有打开 {name}。</translation>
    </message>
    <message>
        <source>If you trust it, open it elsewhere and paste the text.</source>
        <translation>如果你信任它，请在别处打开并粘贴文本。</translation>
    </message>
    <message>
        <source>Run Python</source>
        <translation>运行 Python</translation>
    </message>
    <message>
        <source>Running Python needs a sandbox, which this program has on Linux only, not on {system}.</source>
        <translation>运行 Python 需要沙箱，本程序只在 Linux 上提供，{system} 上没有。</translation>
    </message>
    <message>
        <source>Running Python needs a sandbox, which is not made for this processor.</source>
        <translation>运行 Python 需要沙箱，它不支持这种处理器。</translation>
    </message>
    <message>
        <source>Running Python needs bubblewrap, which is not installed. Install the package “bubblewrap” with the system&apos;s package manager.</source>
        <translation>运行 Python 需要 bubblewrap，但没有安装。请用系统的软件包管理器安装“bubblewrap”。</translation>
    </message>
    <message>
        <source>This system does not let bubblewrap make a sandbox, so Python is not run. Allow unprivileged user namespaces, or ask who runs it. It says: {said}</source>
        <translation>系统不允许 bubblewrap 创建沙箱，因此不运行 Python。请允许非特权用户命名空间，或询问系统管理者。提示：{said}</translation>
    </message>
    <message>
        <source>Runs this program in a sandbox without network and without your files:</source>
        <translation>在没有网络、看不到你的文件的沙箱中运行这个程序：</translation>
    </message>
    <message>
        <source>A page that the model fetched</source>
        <translation>模型获取的网页</translation>
    </message>
    <message>
        <source>Fetch a page</source>
        <translation>获取网页</translation>
    </message>
    <message>
        <source>Fetches {address}</source>
        <translation>获取 {address}</translation>
    </message>
    <message>
        <source>Reads on at character {number}</source>
        <translation>从第 {number} 个字符继续读取</translation>
    </message>
    <message>
        <source>{number} earlier messages are not sent.</source>
        <translation>先前有 {number} 条消息不发送。</translation>
    </message>
    <message>
        <source>Context: {text}</source>
        <translation>上下文：{text}</translation>
    </message>
    <message>
        <source>What takes the context</source>
        <translation>上下文的占用情况</translation>
    </message>
    <message>
        <source>Room for thinking and the answer</source>
        <translation>留给思考和回答的空间</translation>
    </message>
    <message>
        <source>Estimated: the tokenizer is asked once the engine has time.</source>
        <translation>估算值：等引擎有空时会询问分词器。</translation>
    </message>
    <message>
        <source>Thinking budget</source>
        <translation>思考预算</translation>
    </message>
    <message>
        <source>Thinking budget: {tokens} tokens, then the answer comes from what there is</source>
        <translation>思考预算：{tokens} 个 token，然后根据已有的内容作答</translation>
    </message>
    <message>
        <source>Thinking budget: no limit</source>
        <translation>思考预算：不限</translation>
    </message>
    <message>
        <source>Think for at most</source>
        <translation>最多思考</translation>
    </message>
    <message>
        <source>Another number of tokens</source>
        <translation>其他 token 数</translation>
    </message>
    <message>
        <source> tokens</source>
        <translation> 个 token</translation>
    </message>
    <message>
        <source>{tokens} tokens</source>
        <translation>{tokens} 个 token</translation>
    </message>
    <message>
        <source>No limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>Other</source>
        <translation>其他</translation>
    </message>
    <message>
        <source>Keep both</source>
        <translation>两个都保留</translation>
    </message>
    <message>
        <source>Replace mine</source>
        <translation>替换我的</translation>
    </message>
    <message>
        <source>Persona “{name}”</source>
        <translation>角色“{name}”</translation>
    </message>
    <message>
        <source>Preset “{name}”</source>
        <translation>预设“{name}”</translation>
    </message>
    <message>
        <source>{count} others</source>
        <translation>另外 {count} 个</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>These names are taken here already, by something else.</source>
        <translation>这些名称在这里已被其他内容占用。</translation>
    </message>
    <message>
        <source>export import share file backup personas presets json drop</source>
        <translation>导出 导入 分享 文件 备份 角色 预设 json 拖放</translation>
    </message>
    <message>
        <source>Export yours…</source>
        <translation>导出你的…</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Your personas and sampling presets as one file, to be kept or taken to another machine. Drop such a file here to import it.</source>
        <translation>将你的角色和采样预设存为一个文件，用于保存或带到另一台机器。把这样的文件拖到这里即可导入。</translation>
    </message>
    <message>
        <source>As a file</source>
        <translation>作为文件</translation>
    </message>
    <message>
        <source>Reading {name}…</source>
        <translation>正在读取 {name}…</translation>
    </message>
    <message>
        <source>{what} written to {name}.</source>
        <translation>已将{what}写入 {name}。</translation>
    </message>
    <message>
        <source>Some names in this file are taken.</source>
        <translation>文件中的一些名称已被占用。</translation>
    </message>
    <message>
        <source>Nothing was imported.</source>
        <translation>没有导入任何内容。</translation>
    </message>
    <message>
        <source>All is as it was before.</source>
        <translation>一切与之前相同。</translation>
    </message>
    <message>
        <source>There is no persona and no preset of your own yet.</source>
        <translation>你还没有自己的角色和预设。</translation>
    </message>
    <message>
        <source>Export personas</source>
        <translation>导出角色</translation>
    </message>
    <message>
        <source>Personas and presets (*.json)</source>
        <translation>角色和预设 (*.json)</translation>
    </message>
    <message>
        <source>Import personas</source>
        <translation>导入角色</translation>
    </message>
    <message>
        <source>1 persona</source>
        <translation>1 个角色</translation>
    </message>
    <message>
        <source>{n} personas</source>
        <translation>{n} 个角色</translation>
    </message>
    <message>
        <source>1 preset</source>
        <translation>1 个预设</translation>
    </message>
    <message>
        <source>{n} presets</source>
        <translation>{n} 个预设</translation>
    </message>
    <message>
        <source> and </source>
        <translation>和</translation>
    </message>
    <message>
        <source>{n} left out</source>
        <translation>{n} 个已略去</translation>
    </message>
    <message>
        <source>{n} there already</source>
        <translation>{n} 个已存在</translation>
    </message>
    <message>
        <source>{n} more remarks.</source>
        <translation>另有 {n} 条提示。</translation>
    </message>
    <message>
        <source>Resources and prompts of servers</source>
        <translation>服务器的资源和提示</translation>
    </message>
    <message>
        <source>Which resource or prompt?</source>
        <translation>要哪个资源或提示？</translation>
    </message>
    <message>
        <source>Add from a server</source>
        <translation>从服务器添加</translation>
    </message>
    <message>
        <source>Prompt · {server}</source>
        <translation>提示 · {server}</translation>
    </message>
    <message>
        <source>Resource · {server}</source>
        <translation>资源 · {server}</translation>
    </message>
    <message>
        <source>The prompt could not be had: {why}</source>
        <translation>无法获取提示：{why}</translation>
    </message>
    <message>
        <source>{name} could not be had.</source>
        <translation>无法获取 {name}。</translation>
    </message>
    <message>
        <source>{name} is no text.</source>
        <translation>{name} 不是文本。</translation>
    </message>
    <message>
        <source>It is {kind} ({size}), which the model cannot take in.</source>
        <translation>它是 {kind}（{size}），模型无法接收。</translation>
    </message>
    <message>
        <source>Insert</source>
        <translation>插入</translation>
    </message>
    <message>
        <source>Prompt “{prompt}” of {server}</source>
        <translation>{server} 的提示“{prompt}”</translation>
    </message>
    <message>
        <source>“{name}” is needed.</source>
        <translation>需要“{name}”。</translation>
    </message>
    <message>
        <source>{name} (optional)</source>
        <translation>{name}（可选）</translation>
    </message>
    <message>
        <source>GGUF files (*.gguf)</source>
        <translation>GGUF 文件 (*.gguf)</translation>
    </message>
    <message>
        <source>Open a GGUF file</source>
        <translation>打开 GGUF 文件</translation>
    </message>
    <message>
        <source>Drop to import personas</source>
        <translation>拖放以导入角色</translation>
    </message>
    <message>
        <source>The PDF cannot be taken apart here.</source>
        <translation>无法在这里拆解 PDF。</translation>
    </message>
    <message>
        <source>This machine refuses: {reason}.</source>
        <translation>这台机器拒绝：{reason}。</translation>
    </message>
    <message>
        <source>Free some space on the disk for temporary files, and try again.</source>
        <translation>请在磁盘上为临时文件腾出空间，然后重试。</translation>
    </message>
    <message>
        <source>Japanese (Shift JIS)</source>
        <translation>日文（Shift JIS）</translation>
    </message>
    <message>
        <source>Japanese (EUC)</source>
        <translation>日文（EUC）</translation>
    </message>
    <message>
        <source>Korean (EUC-KR)</source>
        <translation>韩文（EUC-KR）</translation>
    </message>
    <message>
        <source>Chinese (Big5)</source>
        <translation>中文（Big5）</translation>
    </message>
    <message>
        <source>Cyrillic (Windows-1251)</source>
        <translation>西里尔字母（Windows-1251）</translation>
    </message>
    <message>
        <source>The context of this model is as large as it gets.</source>
        <translation>这个模型的上下文已经是最大的。</translation>
    </message>
    <message>
        <source>The context is as large as what the model was trained for.</source>
        <translation>上下文已达到模型训练时的大小。</translation>
    </message>
    <message>
        <source>This model cannot be planned for on this machine.</source>
        <translation>无法在这台机器上规划这个模型。</translation>
    </message>
    <message>
        <source>No larger context fits into the memory of this machine.</source>
        <translation>这台机器的内存放不下更大的上下文。</translation>
    </message>
    <message>
        <source>The largest context that the model can use is not enough.</source>
        <translation>模型能用的最大上下文也不够。</translation>
    </message>
    <message>
        <source>These messages are too long to be summarized.</source>
        <translation>这些消息太长，无法生成摘要。</translation>
    </message>
    <message>
        <source>One of them alone takes more than the {most} tokens that there are for it.</source>
        <translation>其中一条就超过了可用的 {most} 个 token。</translation>
    </message>
    <message>
        <source>Leave the oldest messages out, or load the model with a larger context.</source>
        <translation>请省略最早的消息，或以更大的上下文加载模型。</translation>
    </message>
    <message>
        <source>The model wrote no summary.</source>
        <translation>模型没有写出摘要。</translation>
    </message>
    <message>
        <source>Try again, or leave the oldest messages out without one.</source>
        <translation>请重试，或不带摘要地省略最早的消息。</translation>
    </message>
    <message>
        <source>Chat {text}</source>
        <translation>聊天 {text}</translation>
    </message>
    <message>
        <source>The export was not written.</source>
        <translation>没有写出导出文件。</translation>
    </message>
    <message>
        <source>{name} could not be written: {strerror}.</source>
        <translation>无法写入 {name}：{strerror}。</translation>
    </message>
    <message>
        <source>Check the folder {parent} and the room on its disk.</source>
        <translation>请检查文件夹 {parent} 及其磁盘空间。</translation>
    </message>
    <message>
        <source>## System prompt</source>
        <translation>## 系统提示词</translation>
    </message>
    <message>
        <source>An image or a recording was here; it is not part of the import.</source>
        <translation>这里原有一张图片或一段录音；它不在导入内容中。</translation>
    </message>
    <message>
        <source>{name} holds too many files.</source>
        <translation>{name} 中的文件过多。</translation>
    </message>
    <message>
        <source>Choose a smaller folder.</source>
        <translation>请选择较小的文件夹。</translation>
    </message>
    <message>
        <source>It cannot be read: {strerror}.</source>
        <translation>无法读取：{strerror}。</translation>
    </message>
    <message>
        <source>{name} is too large.</source>
        <translation>{name} 过大。</translation>
    </message>
    <message>
        <source>Unpack it and choose single files.</source>
        <translation>请解压并选择单个文件。</translation>
    </message>
    <message>
        <source>It is not JSON, or it is damaged.</source>
        <translation>它不是 JSON，或已损坏。</translation>
    </message>
    <message>
        <source>It is not a chat that this program can read.</source>
        <translation>它不是本程序能读取的聊天。</translation>
    </message>
    <message>
        <source>{name}, chat {number}</source>
        <translation>{name}，聊天 {number}</translation>
    </message>
    <message>
        <source>It is damaged ({name}).</source>
        <translation>它已损坏（{name}）。</translation>
    </message>
    <message>
        <source>There are no messages in it.</source>
        <translation>其中没有消息。</translation>
    </message>
    <message>
        <source>{filename} is too large.</source>
        <translation>{filename} 过大。</translation>
    </message>
    <message>
        <source>The answer failed.</source>
        <translation>回答失败。</translation>
    </message>
    <message>
        <source>The file is damaged.</source>
        <translation>文件已损坏。</translation>
    </message>
    <message>
        <source>It does not say which version it has.</source>
        <translation>它没有说明版本。</translation>
    </message>
    <message>
        <source>The file was written by a newer version of the program.</source>
        <translation>这个文件由较新版本的程序写成。</translation>
    </message>
    <message>
        <source>Update this one.</source>
        <translation>请更新本程序。</translation>
    </message>
    <message>
        <source>A message has no id or no role.</source>
        <translation>有一条消息没有编号或角色。</translation>
    </message>
    <message>
        <source>Two of its messages are the same.</source>
        <translation>其中两条消息相同。</translation>
    </message>
    <message>
        <source>A message follows on one that is not there.</source>
        <translation>有一条消息接在不存在的消息之后。</translation>
    </message>
    <message>
        <source>The conversation has too many messages.</source>
        <translation>对话中的消息过多。</translation>
    </message>
    <message>
        <source>More than {most_messages:,}.</source>
        <translation>超过 {most_messages:,} 条。</translation>
    </message>
    <message>
        <source>The chat could not be saved.</source>
        <translation>无法保存聊天。</translation>
    </message>
    <message>
        <source>The chats could not be read.</source>
        <translation>无法读取聊天。</translation>
    </message>
    <message>
        <source>The file is {path}.</source>
        <translation>文件是 {path}。</translation>
    </message>
    <message>
        <source>This chat is not there any more.</source>
        <translation>这个聊天已不存在。</translation>
    </message>
    <message>
        <source>It has been deleted.</source>
        <translation>它已被删除。</translation>
    </message>
    <message>
        <source>The chats are open in another window of the program.</source>
        <translation>聊天已在程序的另一个窗口中打开。</translation>
    </message>
    <message>
        <source>Only one at a time may write them.</source>
        <translation>同一时间只有一个窗口可以写入。</translation>
    </message>
    <message>
        <source>Close the other one. Until then the chats can be read here, and what is new is kept in memory.</source>
        <translation>请关闭另一个窗口。在此之前可以在这里阅读聊天，新内容保存在内存中。</translation>
    </message>
    <message>
        <source>The chats cannot be saved.</source>
        <translation>无法保存聊天。</translation>
    </message>
    <message>
        <source>The folder {parent} cannot be used: {strerror}.</source>
        <translation>无法使用文件夹 {parent}：{strerror}。</translation>
    </message>
    <message>
        <source>Allow writing to it; saving is tried again by itself.</source>
        <translation>请允许写入；程序会自动重试保存。</translation>
    </message>
    <message>
        <source>This Python comes with SQLite {sqlite_version}, and 3.37 is needed.</source>
        <translation>这个 Python 自带 SQLite {sqlite_version}，需要 3.37。</translation>
    </message>
    <message>
        <source>Install a newer Python.</source>
        <translation>请安装较新的 Python。</translation>
    </message>
    <message>
        <source>The file of the chats belongs to another program.</source>
        <translation>聊天文件属于另一个程序。</translation>
    </message>
    <message>
        <source>It is a database, but not one that GLM Launcher has made.</source>
        <translation>它是数据库，但不是 GLM Launcher 创建的。</translation>
    </message>
    <message>
        <source>Move it away; a new one is made then.</source>
        <translation>请将它移走；之后会创建新的。</translation>
    </message>
    <message>
        <source>The chats were saved by a newer version of the program.</source>
        <translation>聊天由较新版本的程序保存。</translation>
    </message>
    <message>
        <source>Their file has version {version}, and this program knows versions up to {newest}.</source>
        <translation>它们的文件是第 {version} 版，本程序最高支持第 {newest} 版。</translation>
    </message>
    <message>
        <source>Update the program. Until then the chats can be read, and nothing is saved.</source>
        <translation>请更新程序。在此之前可以阅读聊天，但不会保存任何内容。</translation>
    </message>
    <message>
        <source>This message is not there any more.</source>
        <translation>这条消息已不存在。</translation>
    </message>
    <message>
        <source>This cannot be restored any more.</source>
        <translation>无法再恢复它。</translation>
    </message>
    <message>
        <source>It has been deleted for good.</source>
        <translation>它已被永久删除。</translation>
    </message>
    <message>
        <source>This message cannot be restored yet.</source>
        <translation>这条消息还不能恢复。</translation>
    </message>
    <message>
        <source>The message before it is deleted as well.</source>
        <translation>它前面的消息也已删除。</translation>
    </message>
    <message>
        <source>Restore that one first.</source>
        <translation>请先恢复前面的消息。</translation>
    </message>
    <message>
        <source>The chats could not be opened.</source>
        <translation>无法打开聊天。</translation>
    </message>
    <message>
        <source>The system prompt cannot be used.</source>
        <translation>无法使用系统提示词。</translation>
    </message>
    <message>
        <source>Ask without one.</source>
        <translation>请不带系统提示词提问。</translation>
    </message>
    <message>
        <source>Basic</source>
        <translation>基本</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>How freely the next token is chosen. Lower is more predictable; 0 always takes the most likely token.</source>
        <translation>选择下一个 token 的自由程度。越低越可预测；0 总是选择最可能的 token。</translation>
    </message>
    <message>
        <source>Top P</source>
        <translation>Top P</translation>
    </message>
    <message>
        <source>Keeps the most likely tokens whose probabilities add up to this much.</source>
        <translation>保留概率之和达到此值的最可能的 token。</translation>
    </message>
    <message>
        <source>Top K</source>
        <translation>Top K</translation>
    </message>
    <message>
        <source>Keeps only this many of the most likely tokens.</source>
        <translation>只保留这么多个最可能的 token。</translation>
    </message>
    <message>
        <source>Min P</source>
        <translation>Min P</translation>
    </message>
    <message>
        <source>Drops tokens less likely than this share of the most likely one.</source>
        <translation>去掉概率低于最可能者这一比例的 token。</translation>
    </message>
    <message>
        <source>Longest answer</source>
        <translation>最长回答</translation>
    </message>
    <message>
        <source>Stops the answer after this many tokens, thinking included. 0 means until the context is full.</source>
        <translation>达到这么多个 token 后停止回答，包括思考。0 表示直到上下文用满。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>The same seed with the same settings and prompt gives the same text. Empty means a new one each time.</source>
        <translation>相同的种子、设置和提示词会得到相同的文本。留空则每次不同。</translation>
    </message>
    <message>
        <source>Stop strings</source>
        <translation>停止字符串</translation>
    </message>
    <message>
        <source>The answer ends before any of these texts, one per line.</source>
        <translation>回答在出现其中任一文本之前结束，每行一个。</translation>
    </message>
    <message>
        <source>Typical P</source>
        <translation>Typical P</translation>
    </message>
    <message>
        <source>Keeps tokens about as surprising as the text usually is.</source>
        <translation>保留与文本通常程度相近的意外程度的 token。</translation>
    </message>
    <message>
        <source>More filters</source>
        <translation>更多过滤器</translation>
    </message>
    <message>
        <source>Top n sigma</source>
        <translation>Top n sigma</translation>
    </message>
    <message>
        <source>Keeps tokens whose score is within this many standard deviations of the best.</source>
        <translation>保留分数与最佳者相差在这么多个标准差以内的 token。</translation>
    </message>
    <message>
        <source>XTC probability</source>
        <translation>XTC 概率</translation>
    </message>
    <message>
        <source>How often the most obvious tokens are left out, for more varied writing.</source>
        <translation>为使文字更多变，略去最明显的 token 的频率。</translation>
    </message>
    <message>
        <source>XTC threshold</source>
        <translation>XTC 阈值</translation>
    </message>
    <message>
        <source>Tokens above this probability count as obvious for XTC. Above 0.5 turns it off.</source>
        <translation>概率高于此值的 token 对 XTC 来说算明显。高于 0.5 则关闭。</translation>
    </message>
    <message>
        <source>Dynamic temperature range</source>
        <translation>动态温度范围</translation>
    </message>
    <message>
        <source>Lets the temperature move by this much up and down with the model&apos;s certainty.</source>
        <translation>让温度随模型的把握程度上下浮动这么多。</translation>
    </message>
    <message>
        <source>Dynamic temperature exponent</source>
        <translation>动态温度指数</translation>
    </message>
    <message>
        <source>How certainty turns into temperature within that range.</source>
        <translation>在该范围内，把握程度如何换算为温度。</translation>
    </message>
    <message>
        <source>Repetition window</source>
        <translation>重复窗口</translation>
    </message>
    <message>
        <source>How many of the last tokens the penalties look at. 0 turns them off, -1 takes the whole context.</source>
        <translation>惩罚查看最近多少个 token。0 关闭，-1 为整个上下文。</translation>
    </message>
    <message>
        <source>Repetition</source>
        <translation>重复</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Makes tokens that occurred in the window less likely.</source>
        <translation>降低窗口中出现过的 token 的可能性。</translation>
    </message>
    <message>
        <source>Frequency penalty</source>
        <translation>频率惩罚</translation>
    </message>
    <message>
        <source>Takes this much off a token&apos;s score for each time it occurred.</source>
        <translation>token 每出现一次，就从其分数中减去此值。</translation>
    </message>
    <message>
        <source>Presence penalty</source>
        <translation>存在惩罚</translation>
    </message>
    <message>
        <source>Takes this much off a token&apos;s score once it has occurred.</source>
        <translation>token 出现过后，就从其分数中减去此值。</translation>
    </message>
    <message>
        <source>DRY strength</source>
        <translation>DRY 强度</translation>
    </message>
    <message>
        <source>Discourages repeating whole sequences. 0.8 is usual.</source>
        <translation>抑制重复整段序列。通常为 0.8。</translation>
    </message>
    <message>
        <source>DRY base</source>
        <translation>DRY 底数</translation>
    </message>
    <message>
        <source>How fast the DRY penalty grows with the length of the repeated sequence.</source>
        <translation>DRY 惩罚随重复序列的长度增长的速度。</translation>
    </message>
    <message>
        <source>DRY allowed length</source>
        <translation>DRY 允许长度</translation>
    </message>
    <message>
        <source>Sequences up to this many tokens may repeat freely.</source>
        <translation>不超过这么多个 token 的序列可以自由重复。</translation>
    </message>
    <message>
        <source>DRY window</source>
        <translation>DRY 窗口</translation>
    </message>
    <message>
        <source>How many of the last tokens DRY looks at. -1 takes the whole context, 0 turns it off.</source>
        <translation>DRY 查看最近多少个 token。-1 为整个上下文，0 关闭。</translation>
    </message>
    <message>
        <source>DRY sequence breakers</source>
        <translation>DRY 序列分隔符</translation>
    </message>
    <message>
        <source>Texts at which a repeated sequence starts afresh, one per line.</source>
        <translation>遇到这些文本时，重复序列重新计算，每行一个。</translation>
    </message>
    <message>
        <source>Mirostat</source>
        <translation>Mirostat</translation>
    </message>
    <message>
        <source>Steers towards a steady level of surprise instead of the filters above. 0 is off.</source>
        <translation>代替上面的过滤器，使意外程度保持稳定。0 为关闭。</translation>
    </message>
    <message>
        <source>Mirostat target</source>
        <translation>Mirostat 目标</translation>
    </message>
    <message>
        <source>The level of surprise that Mirostat aims at. It has no effect while Mirostat is off.</source>
        <translation>Mirostat 追求的意外程度。Mirostat 关闭时无效。</translation>
    </message>
    <message>
        <source>Mirostat rate</source>
        <translation>Mirostat 速率</translation>
    </message>
    <message>
        <source>How fast Mirostat corrects itself. It has no effect while Mirostat is off.</source>
        <translation>Mirostat 自我修正的速度。Mirostat 关闭时无效。</translation>
    </message>
    <message>
        <source>Token bias</source>
        <translation>Token 偏置</translation>
    </message>
    <message>
        <source>Adds to the score of single tokens: one `token id = bias` per line; -inf forbids a token.</source>
        <translation>加到单个 token 的分数上：每行一个 `token id = bias`；-inf 禁用该 token。</translation>
    </message>
    <message>
        <source>Expert</source>
        <translation>专家设置</translation>
    </message>
    <message>
        <source>Order of the filters</source>
        <translation>过滤器顺序</translation>
    </message>
    <message>
        <source>The order in which the filters above are applied.</source>
        <translation>上面各过滤器的应用顺序。</translation>
    </message>
    <message>
        <source>Instructions by this program; sampling as GLM&apos;s makers advise in general: temperature 1.0.</source>
        <translation>指令由本程序编写；采样按 GLM 开发者的一般建议：温度 1.0。</translation>
    </message>
    <message>
        <source>No persona</source>
        <translation>无角色</translation>
    </message>
    <message>
        <source>No instructions; everything as set.</source>
        <translation>没有指令，一切按设置。</translation>
    </message>
    <message>
        <source>GLM general</source>
        <translation>GLM 通用</translation>
    </message>
    <message>
        <source>The advice of GLM&apos;s makers for GLM-4.6: temperature 1.0.</source>
        <translation>GLM 开发者对 GLM-4.6 的建议：温度 1.0。</translation>
    </message>
    <message>
        <source>GLM code</source>
        <translation>GLM 代码</translation>
    </message>
    <message>
        <source>The advice of GLM&apos;s makers for GLM-4.6 and code: temperature 1.0, top P 0.95, top K 40, with thinking.</source>
        <translation>GLM 开发者对 GLM-4.6 编写代码的建议：温度 1.0，Top P 0.95，Top K 40，开启思考。</translation>
    </message>
    <message>
        <source>Writing</source>
        <translation>写作</translation>
    </message>
    <message>
        <source>Role play</source>
        <translation>角色扮演</translation>
    </message>
    <message>
        <source>Always the likeliest</source>
        <translation>总是最可能的</translation>
    </message>
    <message>
        <source>a power is too large</source>
        <translation>幂过大</translation>
    </message>
    <message>
        <source>nested fields in a format string are not offered to templates</source>
        <translation>不向模板提供格式字符串中的嵌套字段</translation>
    </message>
    <message>
        <source>a format asks for too wide a field</source>
        <translation>格式要求的字段过宽</translation>
    </message>
    <message>
        <source>a padding is too wide</source>
        <translation>填充过宽</translation>
    </message>
    <message>
        <source>a backward search is too long</source>
        <translation>反向查找过长</translation>
    </message>
    <message>
        <source>a group is too large</source>
        <translation>分组过大</translation>
    </message>
    <message>
        <source>a rounding asks for too many digits</source>
        <translation>取整要求的位数过多</translation>
    </message>
    <message>
        <source>a sum of something other than numbers is not offered</source>
        <translation>不提供对非数字求和</translation>
    </message>
    <message>
        <source>an argument has no name</source>
        <translation>有一个参数没有名称</translation>
    </message>
    <message>
        <source>{key} is given twice</source>
        <translation>{key} 给出了两次</translation>
    </message>
    <message>
        <source>{path} is not an argument of this tool</source>
        <translation>{path} 不是这个工具的参数</translation>
    </message>
    <message>
        <source>{prefix}{name} is missing</source>
        <translation>缺少 {prefix}{name}</translation>
    </message>
    <message>
        <source>{path} must be one of: {choices}</source>
        <translation>{path} 必须是以下之一：{choices}</translation>
    </message>
    <message>
        <source>the arguments are too large for the tool&apos;s schema</source>
        <translation>参数对工具的模式来说过大</translation>
    </message>
    <message>
        <source>{path} must be of type {expected}</source>
        <translation>{path} 的类型必须是 {expected}</translation>
    </message>
    <message>
        <source>it names no tool</source>
        <translation>没有写明工具</translation>
    </message>
    <message>
        <source>a call is a JSON object with name and arguments</source>
        <translation>调用是含有 name 和 arguments 的 JSON 对象</translation>
    </message>
    <message>
        <source>its arguments are not JSON: {error}</source>
        <translation>它的参数不是 JSON：{error}</translation>
    </message>
    <message>
        <source>its arguments are not a JSON object</source>
        <translation>它的参数不是 JSON 对象</translation>
    </message>
    <message>
        <source>it takes too long</source>
        <translation>用时过长</translation>
    </message>
    <message>
        <source>its result is too large</source>
        <translation>结果过大</translation>
    </message>
    <message>
        <source>a number is too large</source>
        <translation>数字过大</translation>
    </message>
    <message>
        <source>a list is too large</source>
        <translation>列表过大</translation>
    </message>
    <message>
        <source>{name}.{name2} is not offered to templates</source>
        <translation>不向模板提供 {name}.{name2}</translation>
    </message>
    <message>
        <source>its indentation is too large</source>
        <translation>缩进过大</translation>
    </message>
    <message>
        <source>it is not valid JSON ({msg}, {where})</source>
        <translation>不是有效的 JSON（{msg}，{where}）</translation>
    </message>
    <message>
        <source>it is nested too deeply</source>
        <translation>嵌套过深</translation>
    </message>
    <message>
        <source>a number has too many digits</source>
        <translation>数字的位数过多</translation>
    </message>
    <message>
        <source>{twice} is given twice</source>
        <translation>{twice} 给出了两次</translation>
    </message>
    <message>
        <source>{name} is not a JSON value</source>
        <translation>{name} 不是 JSON 值</translation>
    </message>
    <message>
        <source>Check the file: it takes OpenAI-style messages and tools.</source>
        <translation>请检查文件：需要 OpenAI 格式的消息和工具。</translation>
    </message>
    <message>
        <source>The model&apos;s chat template was stopped.</source>
        <translation>模型的聊天模板被停止。</translation>
    </message>
    <message>
        <source>It asks for too much: {error}.</source>
        <translation>它的要求过多：{error}。</translation>
    </message>
    <message>
        <source>The file may be damaged or hostile. Try a model from another source.</source>
        <translation>文件可能已损坏或是恶意的。请尝试其他来源的模型。</translation>
    </message>
    <message>
        <source>The model&apos;s chat template refuses this conversation.</source>
        <translation>模型的聊天模板拒绝这个对话。</translation>
    </message>
    <message>
        <source>Try it without tools or without a system prompt, or start a new conversation.</source>
        <translation>请不带工具或系统提示词再试，或开始新的对话。</translation>
    </message>
    <message>
        <source>The model&apos;s chat template cannot be used.</source>
        <translation>无法使用模型的聊天模板。</translation>
    </message>
    <message>
        <source>Try a newer file of this model.</source>
        <translation>请尝试该模型较新的文件。</translation>
    </message>
    <message>
        <source>The model&apos;s chat template failed.</source>
        <translation>模型的聊天模板失败了。</translation>
    </message>
    <message>
        <source>Try it without tools, or a newer file of this model.</source>
        <translation>请不带工具再试，或使用该模型较新的文件。</translation>
    </message>
    <message>
        <source>{name} could not be looked at.</source>
        <translation>无法查看 {name}。</translation>
    </message>
    <message>
        <source>There was no answer within {timeout_seconds} seconds.</source>
        <translation>{timeout_seconds} 秒内没有回应。</translation>
    </message>
    <message>
        <source>Check the disk or network drive that it is on, and try again.</source>
        <translation>请检查它所在的磁盘或网络驱动器，然后重试。</translation>
    </message>
    <message>
        <source>The engine failed while computing.</source>
        <translation>引擎在计算时失败。</translation>
    </message>
    <message>
        <source>It reported error {code}.</source>
        <translation>它报告了错误 {code}。</translation>
    </message>
    <message>
        <source>Try again; if it happens again, load the model again with a smaller context or fewer layers on the graphics card.</source>
        <translation>请重试；如果再次发生，请以更小的上下文或更少的 GPU 层重新加载模型。</translation>
    </message>
    <message>
        <source>{name} is not a model for conversations.</source>
        <translation>{name} 不是用于对话的模型。</translation>
    </message>
    <message>
        <source>It does not continue a text token by token.</source>
        <translation>它不会逐个 token 续写文本。</translation>
    </message>
    <message>
        <source>Choose a chat or instruct model.</source>
        <translation>请选择聊天或指令模型。</translation>
    </message>
    <message>
        <source>The engine is not there.</source>
        <translation>没有引擎。</translation>
    </message>
    <message>
        <source>llama-cpp-python is not installed for this Python, or does not fit this machine.</source>
        <translation>没有为这个 Python 安装 llama-cpp-python，或它不适合这台机器。</translation>
    </message>
    <message>
        <source>Start the program with `python3 launch.py`, which builds it.</source>
        <translation>请用 `python3 launch.py` 启动程序，它会构建引擎。</translation>
    </message>
    <message>
        <source>The engine failed unexpectedly.</source>
        <translation>引擎意外失败。</translation>
    </message>
    <message>
        <source>This is a mistake in the program: {name}.</source>
        <translation>这是程序的错误：{name}。</translation>
    </message>
    <message>
        <source>Try again. If it happens again, report it with the details.</source>
        <translation>请重试。如果再次发生，请附上详细信息报告。</translation>
    </message>
    <message>
        <source>{name} could not be loaded.</source>
        <translation>无法加载 {name}。</translation>
    </message>
    <message>
        <source>The engine refused it.</source>
        <translation>引擎拒绝了它。</translation>
    </message>
    <message>
        <source>Download it again or choose another model. The details say what the engine reported.</source>
        <translation>请重新下载或选择其他模型。详细信息中有引擎的报告。</translation>
    </message>
    <message>
        <source>{name} cannot be loaded.</source>
        <translation>无法加载 {name}。</translation>
    </message>
    <message>
        <source>The engine stopped with an internal error while looking at it ({how}).</source>
        <translation>引擎在查看它时因内部错误停止（{how}）。</translation>
    </message>
    <message>
        <source>The file is probably damaged or made for another program: download it again, or choose another one.</source>
        <translation>文件可能已损坏或为其他程序制作：请重新下载，或选择其他文件。</translation>
    </message>
    <message>
        <source>There is not enough memory for this model with these settings.</source>
        <translation>以这些设置，内存不足以加载这个模型。</translation>
    </message>
    <message>
        <source>A device refused to give the memory that the engine asked for.</source>
        <translation>一个设备拒绝提供引擎所要求的内存。</translation>
    </message>
    <message>
        <source>Choose a smaller context or fewer layers on the graphics card, close other programs, or take a smaller model.</source>
        <translation>请选择更小的上下文或更少的 GPU 层，关闭其他程序，或使用更小的模型。</translation>
    </message>
    <message>
        <source>This version of the program does not know the model architecture {match}.</source>
        <translation>这个版本的程序不认识模型架构 {match}。</translation>
    </message>
    <message>
        <source>{name} was made for another kind of model.</source>
        <translation>{name} 是为另一类模型制作的。</translation>
    </message>
    <message>
        <source>{name} is not a language model.</source>
        <translation>{name} 不是语言模型。</translation>
    </message>
    <message>
        <source>It does not say which architecture it has.</source>
        <translation>它没有说明架构。</translation>
    </message>
    <message>
        <source>Choose the main file of the model.</source>
        <translation>请选择模型的主文件。</translation>
    </message>
    <message>
        <source>{name} is not a complete language model.</source>
        <translation>{name} 不是完整的语言模型。</translation>
    </message>
    <message>
        <source>It lacks {match}.</source>
        <translation>它缺少 {match}。</translation>
    </message>
    <message>
        <source>Choose the main file of the model, or another conversion of it.</source>
        <translation>请选择模型的主文件，或它的其他转换版本。</translation>
    </message>
    <message>
        <source>This model cannot have a {match} cache of type {match2}.</source>
        <translation>这个模型的 {match} 缓存不能是 {match2} 类型。</translation>
    </message>
    <message>
        <source>Its attention heads do not divide into blocks of that type.</source>
        <translation>它的注意力头不能按该类型的块划分。</translation>
    </message>
    <message>
        <source>Set the type to f16.</source>
        <translation>请将类型设为 f16。</translation>
    </message>
    <message>
        <source>A tensor override is not understood.</source>
        <translation>无法理解张量覆盖设置。</translation>
    </message>
    <message>
        <source>Its pattern is not a valid regular expression.</source>
        <translation>它的模式不是有效的正则表达式。</translation>
    </message>
    <message>
        <source>Correct the pattern in the placement settings.</source>
        <translation>请在放置设置中更正模式。</translation>
    </message>
    <message>
        <source>There is no main device number {match}.</source>
        <translation>没有编号为 {match} 的主设备。</translation>
    </message>
    <message>
        <source>The engine has {match} devices to choose from.</source>
        <translation>引擎有 {match} 个设备可选。</translation>
    </message>
    <message>
        <source>Choose another main device.</source>
        <translation>请选择其他主设备。</translation>
    </message>
    <message>
        <source>{name} is only the eyes of a model.</source>
        <translation>{name} 只是模型的视觉部分。</translation>
    </message>
    <message>
        <source>It holds the part that reads images.</source>
        <translation>它是读取图片的部分。</translation>
    </message>
    <message>
        <source>Open the language model that belongs to it.</source>
        <translation>请打开与它配套的语言模型。</translation>
    </message>
    <message>
        <source>The model does not fit into the memory with a context of {context} tokens.</source>
        <translation>上下文为 {context} 个 token 时，模型放不进内存。</translation>
    </message>
    <message>
        <source>The model does not fit into the memory.</source>
        <translation>模型放不进内存。</translation>
    </message>
    <message>
        <source>It needs {needed} ({kv} of it for the context); {available} are free.</source>
        <translation>它需要 {needed}（其中上下文 {kv}）；可用 {available}。</translation>
    </message>
    <message>
        <source>Choose a context of about {fits} tokens or less.</source>
        <translation>请选择约 {fits} 个 token 或更小的上下文。</translation>
    </message>
    <message>
        <source>Close other programs or choose a smaller model.</source>
        <translation>请关闭其他程序，或选择更小的模型。</translation>
    </message>
    <message>
        <source>The model cannot be split over {proportions} devices.</source>
        <translation>模型不能分到 {proportions} 个设备上。</translation>
    </message>
    <message>
        <source>This build of the engine knows {room} at most.</source>
        <translation>这个构建的引擎最多支持 {room} 个。</translation>
    </message>
    <message>
        <source>Give fewer proportions.</source>
        <translation>请减少比例的个数。</translation>
    </message>
    <message>
        <source>The V cache cannot be {kv_type_v} without flash attention.</source>
        <translation>没有 flash attention 时，V 缓存不能是 {kv_type_v}。</translation>
    </message>
    <message>
        <source>A quantized V cache needs it, and flash attention is turned off.</source>
        <translation>量化的 V 缓存需要它，而 flash attention 已关闭。</translation>
    </message>
    <message>
        <source>Set flash attention to auto or on, or the V cache to f16.</source>
        <translation>请将 flash attention 设为自动或开启，或将 V 缓存设为 f16。</translation>
    </message>
    <message>
        <source>The sampling setting “{label}” cannot be used.</source>
        <translation>无法使用采样设置“{label}”。</translation>
    </message>
    <message>
        <source>The file</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>There is no persona and no preset in it that can be used.</source>
        <translation>其中没有可以使用的角色或预设。</translation>
    </message>
    <message>
        <source>There were {left} more such remarks.</source>
        <translation>另有 {left} 条这样的提示。</translation>
    </message>
    <message>
        <source>It is larger than {most_bytes} MiB.</source>
        <translation>它大于 {most_bytes} MiB。</translation>
    </message>
    <message>
        <source>It is not JSON, or damaged.</source>
        <translation>它不是 JSON，或已损坏。</translation>
    </message>
    <message>
        <source>It is not a file of personas or presets.</source>
        <translation>它不是角色或预设文件。</translation>
    </message>
    <message>
        <source>This file was not imported.</source>
        <translation>没有导入这个文件。</translation>
    </message>
    <message>
        <source>It was written by a newer version of the program.</source>
        <translation>它由较新版本的程序写成。</translation>
    </message>
    <message>
        <source>Update this one, then import it again.</source>
        <translation>请更新本程序，然后重新导入。</translation>
    </message>
    <message>
        <source>Its {name} are not a list and were left out.</source>
        <translation>它的 {name} 不是列表，已略去。</translation>
    </message>
    <message>
        <source>It has {found} {name}; those after the first {most_entries} were left out.</source>
        <translation>它有 {found} 个{name}；前 {most_entries} 个之后的已略去。</translation>
    </message>
    <message>
        <source>A preset without a name was left out.</source>
        <translation>有一个没有名称的预设，已略去。</translation>
    </message>
    <message>
        <source>Preset “{label}”: {problem}</source>
        <translation>预设“{label}”：{problem}</translation>
    </message>
    <message>
        <source>Preset “{label}”</source>
        <translation>预设“{label}”</translation>
    </message>
    <message>
        <source>A persona without a name was left out.</source>
        <translation>有一个没有名称的角色，已略去。</translation>
    </message>
    <message>
        <source>Persona “{label}”: {problem}</source>
        <translation>角色“{label}”：{problem}</translation>
    </message>
    <message>
        <source>Persona “{label}”</source>
        <translation>角色“{label}”</translation>
    </message>
    <message>
        <source> and {names} more</source>
        <translation> 以及另外 {names} 个</translation>
    </message>
    <message>
        <source>{where}: this version does not know {shown}{more}; that was left out.</source>
        <translation>{where}：这个版本不认识 {shown}{more}；已略去。</translation>
    </message>
    <message>
        <source>It is not an ordinary file.</source>
        <translation>它不是普通文件。</translation>
    </message>
    <message>
        <source>It could not be read: {strerror}.</source>
        <translation>无法读取：{strerror}。</translation>
    </message>
    <message>
        <source>Check that it is there and that you may read it.</source>
        <translation>请确认它存在并且你有读取权限。</translation>
    </message>
    <message>
        <source>The file was not written.</source>
        <translation>没有写出文件。</translation>
    </message>
    <message>
        <source>Choose another place than {parent}, or make room there.</source>
        <translation>请选择 {parent} 以外的位置，或在那里腾出空间。</translation>
    </message>
    <message>
        <source>There is no room for that.</source>
        <translation>没有空间存放它。</translation>
    </message>
    <message>
        <source>All your personas and presets together may have {most_together} MB.</source>
        <translation>你的所有角色和预设合计最多 {most_together} MB。</translation>
    </message>
    <message>
        <source>Delete some that you do not need, or shorten their instructions.</source>
        <translation>请删除不需要的，或缩短它们的指令。</translation>
    </message>
    <message>
        <source>This persona cannot be changed.</source>
        <translation>无法更改这个角色。</translation>
    </message>
    <message>
        <source>It comes with the program, or it was removed.</source>
        <translation>它随程序附带，或已被移除。</translation>
    </message>
    <message>
        <source>Duplicate it and change the copy.</source>
        <translation>请复制一份并更改副本。</translation>
    </message>
    <message>
        <source>A persona needs a name of at most {longest_name} characters.</source>
        <translation>角色需要一个不超过 {longest_name} 个字符的名称。</translation>
    </message>
    <message>
        <source>A persona needs a name.</source>
        <translation>角色需要名称。</translation>
    </message>
    <message>
        <source>There is a persona called “{label}” already.</source>
        <translation>已有名为“{label}”的角色。</translation>
    </message>
    <message>
        <source>Choose another name.</source>
        <translation>请选择其他名称。</translation>
    </message>
    <message>
        <source>The instructions are too long.</source>
        <translation>指令过长。</translation>
    </message>
    <message>
        <source>They have {prompt} characters, and {most_instructions} are possible.</source>
        <translation>它有 {prompt} 个字符，最多可以有 {most_instructions} 个。</translation>
    </message>
    <message>
        <source>Shorten them.</source>
        <translation>请缩短。</translation>
    </message>
    <message>
        <source>This preset cannot be changed.</source>
        <translation>无法更改这个预设。</translation>
    </message>
    <message>
        <source>Save the parameters as a preset of your own.</source>
        <translation>请将参数保存为你自己的预设。</translation>
    </message>
    <message>
        <source>A preset needs a name of at most {longest_name} characters.</source>
        <translation>预设需要一个不超过 {longest_name} 个字符的名称。</translation>
    </message>
    <message>
        <source>There is a preset called “{label}” already.</source>
        <translation>已有名为“{label}”的预设。</translation>
    </message>
    <message>
        <source>Nobody: no web search</source>
        <translation>无：不搜索网络</translation>
    </message>
    <message>
        <source>An instance of SearXNG</source>
        <translation>一个 SearXNG 实例</translation>
    </message>
    <message>
        <source>Brave Search</source>
        <translation>Brave Search</translation>
    </message>
    <message>
        <source>The settings were not saved.</source>
        <translation>设置没有保存。</translation>
    </message>
    <message>
        <source>They were written by a newer version of the program.</source>
        <translation>它们由较新版本的程序写成。</translation>
    </message>
    <message>
        <source>Update this one, or remove the file to start afresh.</source>
        <translation>请更新本程序，或移除该文件以重新开始。</translation>
    </message>
    <message>
        <source>The file could not be written: {error}.</source>
        <translation>无法写入文件：{error}。</translation>
    </message>
    <message>
        <source>Ask you</source>
        <translation>向你提问</translation>
    </message>
    <message>
        <source>The earlier version is not there any more.</source>
        <translation>先前版本已不存在。</translation>
    </message>
    <message>
        <source>The earlier versions were not removed.</source>
        <translation>先前版本没有移除。</translation>
    </message>
    <message>
        <source>Calculator</source>
        <translation>计算器</translation>
    </message>
    <message>
        <source>Clock</source>
        <translation>时钟</translation>
    </message>
    <message>
        <source>Read a file</source>
        <translation>读取文件</translation>
    </message>
    <message>
        <source>List a folder</source>
        <translation>列出文件夹</translation>
    </message>
    <message>
        <source>Search in files</source>
        <translation>在文件中搜索</translation>
    </message>
    <message>
        <source>Names the folders open to tools.</source>
        <translation>列出向工具开放的文件夹。</translation>
    </message>
    <message>
        <source>Write a file</source>
        <translation>写入文件</translation>
    </message>
    <message>
        <source>Writes {path}, which may exist already.</source>
        <translation>写入 {path}，它可能已存在。</translation>
    </message>
    <message>
        <source>Makes {path} ({size}).</source>
        <translation>创建 {path}（{size}）。</translation>
    </message>
    <message>
        <source>Replaces what {path} holds ({size}, now {now}).</source>
        <translation>替换 {path} 的内容（{size}，现为 {now}）。</translation>
    </message>
    <message>
        <source>The earlier version is kept.</source>
        <translation>先前版本会保留。</translation>
    </message>
    <message>
        <source>The file was changed or removed since.</source>
        <translation>文件此后已被更改或移除。</translation>
    </message>
    <message>
        <source>The earlier version stays kept.</source>
        <translation>先前版本仍会保留。</translation>
    </message>
    <message>
        <source>Open its folder to tools first.</source>
        <translation>请先向工具开放它的文件夹。</translation>
    </message>
    <message>
        <source>The earlier version is not kept any more.</source>
        <translation>先前版本已不再保留。</translation>
    </message>
    <message>
        <source>Check the folder.</source>
        <translation>请检查文件夹。</translation>
    </message>
    <message>
        <source>Its arguments are not described.</source>
        <translation>没有描述它的参数。</translation>
    </message>
    <message>
        <source>Its arguments are not an object.</source>
        <translation>它的参数不是对象。</translation>
    </message>
    <message>
        <source>The description of its arguments refers to itself.</source>
        <translation>参数的描述引用了自身。</translation>
    </message>
    <message>
        <source>The description of its arguments is nested more than {max_depth} deep.</source>
        <translation>参数的描述嵌套超过 {max_depth} 层。</translation>
    </message>
    <message>
        <source>The description of its arguments has more than {max_nodes} parts.</source>
        <translation>参数的描述超过 {max_nodes} 个部分。</translation>
    </message>
    <message>
        <source>The description of its arguments refers to something elsewhere.</source>
        <translation>参数的描述引用了别处的内容。</translation>
    </message>
    <message>
        <source>The description of its arguments refers to something that is not there.</source>
        <translation>参数的描述引用了不存在的内容。</translation>
    </message>
    <message>
        <source>The description of its arguments has {size} characters; at most {max_characters} are taken.</source>
        <translation>参数的描述有 {size} 个字符；最多接受 {max_characters} 个。</translation>
    </message>
    <message>
        <source>Open a folder to tools first, in Settings, Tools.</source>
        <translation>请先在“设置 &gt; 工具”中向工具开放一个文件夹。</translation>
    </message>
    <message>
        <source>It holds the whole disk.</source>
        <translation>它是整个磁盘。</translation>
    </message>
    <message>
        <source>Choose a folder in it.</source>
        <translation>请选择其中的文件夹。</translation>
    </message>
    <message>
        <source>It is not there, or it is a file.</source>
        <translation>它不存在，或是文件。</translation>
    </message>
    <message>
        <source>What can you do?</source>
        <translation>你能做什么？</translation>
    </message>
    <message>
        <source>What is 37 times 24?</source>
        <translation>37 乘以 24 等于多少？</translation>
    </message>
    <message>
        <source>What is quantization?</source>
        <translation>什么是量化？</translation>
    </message>
    <message>
        <source>Explain what a mixture of experts is</source>
        <translation>解释什么是混合专家模型</translation>
    </message>
    <message>
        <source>Write a regular expression for ISO dates</source>
        <translation>写一个匹配 ISO 日期的正则表达式</translation>
    </message>
    <message>
        <source>What time is it in Chengdu?</source>
        <translation>成都现在几点？</translation>
    </message>
    <message>
        <source>Opening {name}.</source>
        <translation>正在打开 {name}。</translation>
    </message>
    <message>
        <source>You can write your question meanwhile.</source>
        <translation>你可以先写问题。</translation>
    </message>
    <message>
        <source>No model is open yet.</source>
        <translation>还没有打开模型。</translation>
    </message>
    <message>
        <source>Open a GGUF file, or start with the built-in demo model.</source>
        <translation>请打开 GGUF 文件，或从内置的演示模型开始。</translation>
    </message>
    <message>
        <source>Ask the demo model something.</source>
        <translation>向演示模型提问吧。</translation>
    </message>
    <message>
        <source>It is tiny and built in: it explains this program and shows how everything works.</source>
        <translation>它很小，是内置的：它会介绍这个程序，并展示一切如何工作。</translation>
    </message>
    <message>
        <source>Ask {name} anything.</source>
        <translation>向 {name} 提问吧。</translation>
    </message>
    <message>
        <source>Your chats stay on this machine.</source>
        <translation>你的聊天留在这台机器上。</translation>
    </message>
    <message>
        <source>Ask: {text}</source>
        <translation>提问：{text}</translation>
    </message>
    <message>
        <source>New title</source>
        <translation>新标题</translation>
    </message>
    <message>
        <source>Pinned</source>
        <translation>已置顶</translation>
    </message>
    <message>
        <source>Titles</source>
        <translation>标题</translation>
    </message>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Messages, the newest</source>
        <translation>消息，最新的在前</translation>
    </message>
    <message>
        <source>in the archive</source>
        <translation>在归档中</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>最近 7 天</translation>
    </message>
    <message>
        <source>Last 30 days</source>
        <translation>最近 30 天</translation>
    </message>
    <message>
        <source>Nothing has been asked in this chat yet.</source>
        <translation>这个聊天还没有提问。</translation>
    </message>
    <message>
        <source>The last answer is whole: there is nothing to continue.</source>
        <translation>最后的回答是完整的：没有可以继续的内容。</translation>
    </message>
    <message>
        <source>Edit the last question</source>
        <translation>编辑最后的问题</translation>
    </message>
    <message>
        <source>Something in the program went wrong.</source>
        <translation>程序出了错。</translation>
    </message>
    <message>
        <source>This is a fault of the program, not of yours.</source>
        <translation>这是程序的错误，不是你的。</translation>
    </message>
    <message>
        <source>Try again. The log has the details.</source>
        <translation>请重试。日志中有详细信息。</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在开始…</translation>
    </message>
    <message>
        <source>Going on with the result…</source>
        <translation>正在根据结果继续…</translation>
    </message>
    <message>
        <source>Go to</source>
        <translation>转到</translation>
    </message>
    <message>
        <source>The question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Larger text</source>
        <translation>放大文字</translation>
    </message>
    <message>
        <source>Smaller text</source>
        <translation>缩小文字</translation>
    </message>
    <message>
        <source>Text in its usual size</source>
        <translation>恢复文字大小</translation>
    </message>
    <message>
        <source>Find anything</source>
        <translation>查找任何内容</translation>
    </message>
    <message>
        <source>What do you want to do?</source>
        <translation>你想做什么？</translation>
    </message>
    <message>
        <source>What can be done</source>
        <translation>可以做的事</translation>
    </message>
    <message>
        <source>Nothing is called that. Try another word.</source>
        <translation>没有这样的名称。请换个词。</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Wrap</source>
        <translation>换行</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>{shown}
… {rest:,} more characters; Copy takes all of them.</source>
        <translation>{shown}
…… 另有 {rest:,} 个字符；“复制”会包含全部。</translation>
    </message>
    <message>
        <source>Do not wrap</source>
        <translation>不换行</translation>
    </message>
    <message>
        <source>Show long lines as one</source>
        <translation>长行显示为一行</translation>
    </message>
    <message>
        <source>Wrap long lines of the code</source>
        <translation>将代码的长行换行</translation>
    </message>
    <message>
        <source>Code copied</source>
        <translation>代码已复制</translation>
    </message>
    <message>
        <source>Formula</source>
        <translation>公式</translation>
    </message>
    <message>
        <source>Copy the formula as TeX</source>
        <translation>将公式复制为 TeX</translation>
    </message>
    <message>
        <source>Formula: {tex}</source>
        <translation>公式：{tex}</translation>
    </message>
    <message>
        <source>Picture: {content}</source>
        <translation>图片：{content}</translation>
    </message>
    <message>
        <source>Show more ({hidden} characters left)</source>
        <translation>显示更多（还有 {hidden} 个字符）</translation>
    </message>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
    <message>
        <source>{label} {help} default persona start</source>
        <translation>{label} {help} default persona start 默认 角色 开始</translation>
    </message>
    <message>
        <source>Version 1</source>
        <translation>版本 1</translation>
    </message>
    <message>
        <source>Version 2</source>
        <translation>版本 2</translation>
    </message>
    <message>
        <source>A seed is a whole number from 0 to {most}, or empty.</source>
        <translation>种子是 0 到 {most} 的整数，或留空。</translation>
    </message>
    <message>
        <source>one per line; \n is a line break</source>
        <translation>每行一个；\n 表示换行</translation>
    </message>
    <message>
        <source>Line {number} is not of the form “token id = bias”, such as 1234 = -2.5.</source>
        <translation>第 {number} 行不是“token id = bias”的形式，例如 1234 = -2.5。</translation>
    </message>
    <message>
        <source>Line {number} names token {token} again.</source>
        <translation>第 {number} 行再次写了 token {token}。</translation>
    </message>
    <message>
        <source>{help}
Neutral: {neutral}.</source>
        <translation>{help}
中性值：{neutral}。</translation>
    </message>
    <message>
        <source>Reset {label} to the preset</source>
        <translation>将 {label} 恢复为预设</translation>
    </message>
    <message>
        <source>differs from the preset</source>
        <translation>与预设不同</translation>
    </message>
    <message>
        <source>Differs from the preset</source>
        <translation>与预设不同</translation>
    </message>
    <message>
        <source>Differs from the preset. {help_text}</source>
        <translation>与预设不同。{help_text}</translation>
    </message>
    <message>
        <source>the usual order</source>
        <translation>通常的顺序</translation>
    </message>
    <message>
        <source> · {differing} changed</source>
        <translation> · 已更改 {differing} 项</translation>
    </message>
    <message>
        <source>Repetition penalties</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Space turns a filter on or off.</source>
        <translation>空格开启或关闭一个过滤器。</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Preset menu</source>
        <translation>预设菜单</translation>
    </message>
    <message>
        <source>Rename…</source>
        <translation>重命名…</translation>
    </message>
    <message>
        <source>Export and import…</source>
        <translation>导出和导入…</translation>
    </message>
    <message>
        <source>Saved to “{label}”.</source>
        <translation>已保存到“{label}”。</translation>
    </message>
    <message>
        <source>Deleted “{label}”.</source>
        <translation>已删除“{label}”。</translation>
    </message>
    <message>
        <source>Name of the preset</source>
        <translation>预设名称</translation>
    </message>
    <message>
        <source>An export is a zip with every chat as JSON, which can be imported here again, or as Markdown. Chats of ChatGPT, LM Studio, Jan and Open WebUI can be imported from their exports.</source>
        <translation>导出是一个 zip，其中每个聊天为可重新导入的 JSON，或为 Markdown。ChatGPT、LM Studio、Jan 和 Open WebUI 的聊天可以从它们的导出文件导入。</translation>
    </message>
    <message>
        <source>Your chats {text} backup delete everything privacy import export data</source>
        <translation>你的聊天 {text} backup delete everything privacy import export data 备份 删除 全部 隐私 导入 导出 数据</translation>
    </message>
    <message>
        <source>They lie in {parent}</source>
        <translation>它们存放在 {parent}</translation>
    </message>
    <message>
        <source>Export all…</source>
        <translation>全部导出…</translation>
    </message>
    <message>
        <source>Delete all…</source>
        <translation>全部删除…</translation>
    </message>
    <message>
        <source>Your chats</source>
        <translation>你的聊天</translation>
    </message>
    <message>
        <source>{done} chats written to {name}.</source>
        <translation>已将 {done} 个聊天写入 {name}。</translation>
    </message>
    <message>
        <source>All chats are deleted.</source>
        <translation>已删除所有聊天。</translation>
    </message>
    <message>
        <source>{conversations} new chats</source>
        <translation>{conversations} 个新聊天</translation>
    </message>
    <message>
        <source>{known} were there already</source>
        <translation>{known} 个已存在</translation>
    </message>
    <message>
        <source>{problems} left out ({name}: {why})</source>
        <translation>{problems} 个已略去（{name}：{why}）</translation>
    </message>
    <message>
        <source>Working…</source>
        <translation>正在处理…</translation>
    </message>
    <message>
        <source>Export all chats</source>
        <translation>导出所有聊天</translation>
    </message>
    <message>
        <source>Everything, to be imported again (*.zip)</source>
        <translation>全部，可重新导入 (*.zip)</translation>
    </message>
    <message>
        <source>Markdown (*.zip)</source>
        <translation>Markdown (*.zip)</translation>
    </message>
    <message>
        <source>Import chats</source>
        <translation>导入聊天</translation>
    </message>
    <message>
        <source>Exports (*.json *.zip *.jsonl)</source>
        <translation>导出文件 (*.json *.zip *.jsonl)</translation>
    </message>
    <message>
        <source>All chats, the trash and the backups go for good. Nothing can be brought back.</source>
        <translation>所有聊天、回收站和备份都将永久删除。无法恢复任何内容。</translation>
    </message>
    <message>
        <source>Send the question</source>
        <translation>发送问题</translation>
    </message>
    <message>
        <source>A new line in the question</source>
        <translation>在问题中换行</translation>
    </message>
    <message>
        <source>Send a question that is edited</source>
        <translation>发送正在编辑的问题</translation>
    </message>
    <message>
        <source>Stop the answer, close a panel, or give up opening a file</source>
        <translation>停止回答、关闭面板，或放弃打开文件</translation>
    </message>
    <message>
        <source>Answer when a tool asks, in the order of the buttons</source>
        <translation>在工具询问时作答，按按钮的顺序</translation>
    </message>
    <message>
        <source>Alt+1 to Alt+4</source>
        <translation>Alt+1 至 Alt+4</translation>
    </message>
    <message>
        <source>Find in the chat, the models or the settings</source>
        <translation>在聊天、模型或设置中查找</translation>
    </message>
    <message>
        <source>In the list of chats: rename, put in the trash</source>
        <translation>在聊天列表中：重命名、移到回收站</translation>
    </message>
    <message>
        <source>Nothing is sent about you</source>
        <translation>不会发送任何关于你的信息</translation>
    </message>
    <message>
        <source>The program has no telemetry and no accounts. Chats, files and settings stay on this machine; the model runs here.</source>
        <translation>程序没有遥测，也没有账号。聊天、文件和设置都留在这台机器上；模型在这里运行。</translation>
    </message>
    <message>
        <source>What goes over the network</source>
        <translation>哪些内容经过网络</translation>
    </message>
    <message>
        <source>Only what you start: searching and listing models, reading a model&apos;s header, and downloads. They go to the Hub&apos;s address under Network, and from there to the hosts that it names for the files. Your access token goes to the Hub alone. Tools fetch pages and search the web when you allow it; each host is in the list below. What the programs that you run as MCP servers do on the network is their own affair and is not in the list.</source>
        <translation>只有你启动的内容：查找和列出模型、读取模型的文件头，以及下载。它们发往“网络”中 Hub 的地址，再发往它为文件指定的主机。你的访问令牌只发给 Hub。经你允许，工具会获取网页和搜索网络；每个主机都在下面的列表中。你作为 MCP 服务器运行的程序在网络上做什么由它们自己决定，不在列表中。</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>GLM Launcher {version}</source>
        <translation>GLM Launcher {version}</translation>
    </message>
    <message>
        <source>MIT licence · Python {python_version} · Qt {qversion}</source>
        <translation>MIT 许可证 · Python {python_version} · Qt {qversion}</translation>
    </message>
    <message>
        <source>Where things are kept</source>
        <translation>存放位置</translation>
    </message>
    <message>
        <source>Settings: {settings_file}
Log: {log_folder}</source>
        <translation>设置：{settings_file}
日志：{log_folder}</translation>
    </message>
    <message>
        <source>Open the log folder</source>
        <translation>打开日志文件夹</translation>
    </message>
    <message>
        <source>Made with</source>
        <translation>使用的组件</translation>
    </message>
    <message>
        <source>Data that ships with it</source>
        <translation>随程序附带的数据</translation>
    </message>
    <message>
        <source>Sizes and quality of quantizations, GPUs and measured speeds: the files in resources/ name the source and licence of each.</source>
        <translation>量化版本的大小和质量、GPU 和实测速度：resources/ 中的文件写明了各自的来源和许可证。</translation>
    </message>
    <message>
        <source>(not installed)</source>
        <translation>（未安装）</translation>
    </message>
    <message>
        <source>Settings with “{text}”</source>
        <translation>含有“{text}”的设置</translation>
    </message>
    <message>
        <source>Search the settings</source>
        <translation>搜索设置</translation>
    </message>
    <message>
        <source>Pages of the settings</source>
        <translation>设置的页面</translation>
    </message>
    <message>
        <source>Page of the settings</source>
        <translation>设置的页面</translation>
    </message>
    <message>
        <source>No setting is called that. Try another word.</source>
        <translation>没有这样的设置。请换个词。</translation>
    </message>
    <message>
        <source>Reset this page</source>
        <translation>重置此页</translation>
    </message>
    <message>
        <source>These settings were written by a newer version of the program: changes hold until it is closed and are not saved.</source>
        <translation>这些设置由较新版本的程序写成：更改只在关闭之前有效，不会保存。</translation>
    </message>
    <message>
        <source>Not the default</source>
        <translation>不是默认值</translation>
    </message>
    <message>
        <source>Reset “{label}” to the default</source>
        <translation>将“{label}”恢复为默认值</translation>
    </message>
    <message>
        <source>Move to {new}</source>
        <translation>移到 {new}</translation>
    </message>
    <message>
        <source>Leave there</source>
        <translation>留在原处</translation>
    </message>
    <message>
        <source>Models in an earlier place</source>
        <translation>存放在先前位置的模型</translation>
    </message>
    <message>
        <source>{title} move storage disk folder cache relocate</source>
        <translation>{title} move storage disk folder cache relocate 移动 存储 磁盘 文件夹 缓存</translation>
    </message>
    <message>
        <source>They stay there and are found as before. They can still be moved later.</source>
        <translation>它们留在那里，仍能像以前一样找到。以后也可以移动。</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>正在停止…</translation>
    </message>
    <message>
        <source>Looking at the files, pausing their downloads…</source>
        <translation>正在查看文件，暂停它们的下载…</translation>
    </message>
    <message>
        <source>Progress of the move</source>
        <translation>移动进度</translation>
    </message>
    <message>
        <source>unfinished download</source>
        <translation>未完成的下载</translation>
    </message>
    <message>
        <source>other file</source>
        <translation>其他文件</translation>
    </message>
    <message>
        <source>is still</source>
        <translation>仍在</translation>
    </message>
    <message>
        <source>are still</source>
        <translation>仍在</translation>
    </message>
    <message>
        <source>{value}, {size}, {verb} in {where}.</source>
        <translation>{value}，{size}，{verb} {where}。</translation>
    </message>
    <message>
        <source>It is the same disk as {name}: moving takes a moment and no room.</source>
        <translation>它与 {name} 在同一个磁盘：移动只需片刻，不占空间。</translation>
    </message>
    <message>
        <source>Moving copies {needed} to another disk, {name}.</source>
        <translation>移动会将 {needed} 复制到另一个磁盘 {name}。</translation>
    </message>
    <message>
        <source>There is no room in {name}: moving needs {needed}, and {free} are free.</source>
        <translation>{name} 空间不足：移动需要 {needed}，可用 {free}。</translation>
    </message>
    <message>
        <source>Moving copies {needed} to another disk and checks every byte; {free} are free in {name}. It can be stopped and taken up again at any time.</source>
        <translation>移动会将 {needed} 复制到另一个磁盘并检查每个字节；{name} 可用 {free}。可以随时停止并继续。</translation>
    </message>
    <message>
        <source>Moved to {name}: {moved}.</source>
        <translation>已移到 {name}：{moved}。</translation>
    </message>
    <message>
        <source>Stopped. </source>
        <translation>已停止。</translation>
    </message>
    <message>
        <source>{begun}Moved to {name}: {moved}. The rest is where it was.</source>
        <translation>{begun}已移到 {name}：{moved}。其余在原处。</translation>
    </message>
    <message>
        <source>{begun}Nothing was moved, everything is where it was.</source>
        <translation>{begun}没有移动任何内容，一切都在原处。</translation>
    </message>
    <message>
        <source>Of {title}, some files are in the new place already: move the rest or put them back</source>
        <translation>{title} 的一些文件已在新位置：请移动其余文件，或将它们放回</translation>
    </message>
    <message>
        <source> before its download goes on.</source>
        <translation>，然后它的下载才能继续。</translation>
    </message>
    <message>
        <source>, then it can be used.</source>
        <translation>，然后就可以使用它。</translation>
    </message>
    <message>
        <source>Off </source>
        <translation>关 </translation>
    </message>
    <message>
        <source>Needed for private and gated models, and it raises the Hub&apos;s limits. Make one on the Hub: your picture, Settings, Access Tokens; the right to read is enough.</source>
        <translation>私有和受限的模型需要它，它还能提高 Hub 的限额。请在 Hub 上创建：你的头像、Settings、Access Tokens；只需读取权限。</translation>
    </message>
    <message>
        <source>Access token {text} private gated login Hugging Face key password</source>
        <translation>访问令牌 {text} private gated login Hugging Face key password 私有 受限 登录 密钥 密码</translation>
    </message>
    <message>
        <source>Access token</source>
        <translation>访问令牌</translation>
    </message>
    <message>
        <source>Test</source>
        <translation>测试</translation>
    </message>
    <message>
        <source>Asking the Hub…</source>
        <translation>正在询问 Hub…</translation>
    </message>
    <message>
        <source>The token works. It belongs to {name}.</source>
        <translation>令牌有效。它属于 {name}。</translation>
    </message>
    <message>
        <source>There is no token.</source>
        <translation>没有令牌。</translation>
    </message>
    <message>
        <source>A token is kept in this system&apos;s keyring.</source>
        <translation>令牌保存在这个系统的密钥环中。</translation>
    </message>
    <message>
        <source>A token is kept. {warning}</source>
        <translation>令牌已保存。{warning}</translation>
    </message>
    <message>
        <source>The token in the variable HF_TOKEN is used.</source>
        <translation>使用环境变量 HF_TOKEN 中的令牌。</translation>
    </message>
    <message>
        <source>The token of “hf auth login” is used.</source>
        <translation>使用 “hf auth login” 的令牌。</translation>
    </message>
    <message>
        <source>The demo model knows the clock and the calculator only.</source>
        <translation>演示模型只认识时钟和计算器。</translation>
    </message>
    <message>
        <source>It is bound to {driver}.</source>
        <translation>它绑定在 {driver} 上。</translation>
    </message>
    <message>
        <source>No driver is bound to it.</source>
        <translation>没有驱动与它绑定。</translation>
    </message>
    <message>
        <source>The GPU&apos;s share is macOS&apos;s usual one; the engine&apos;s own figure would be exact.</source>
        <translation>GPU 的份额取 macOS 的惯用值；引擎自己报告的数字才是精确的。</translation>
    </message>
    <message>
        <source>It cannot be started: {error}</source>
        <translation>无法启动：{error}</translation>
    </message>
    <message>
        <source>No answer within {seconds:.0f} seconds.</source>
        <translation>{seconds:.0f} 秒内没有回应。</translation>
    </message>
    <message>
        <source>Its answer is not readable. {tail}</source>
        <translation>它的回应无法读取。{tail}</translation>
    </message>
    <message>
        <source>It crashed ({name}). {tail}</source>
        <translation>它崩溃了（{name}）。{tail}</translation>
    </message>
    <message>
        <source>It ended with code {code:#x}. {tail}</source>
        <translation>它以代码 {code:#x} 结束。{tail}</translation>
    </message>
    <message>
        <source>The engine is not installed.</source>
        <translation>引擎没有安装。</translation>
    </message>
    <message>
        <source>The engine&apos;s device list is not readable.</source>
        <translation>引擎的设备列表无法读取。</translation>
    </message>
    <message>
        <source>NVML does not know this GPU; the figures are the system&apos;s.</source>
        <translation>NVML 不认识这块 GPU；数字来自系统。</translation>
    </message>
    <message>
        <source>NVML does not list it.</source>
        <translation>NVML 没有列出它。</translation>
    </message>
    <message>
        <source>The driver does not say how much memory the card has.</source>
        <translation>驱动没有说明显卡有多少显存。</translation>
    </message>
    <message>
        <source>The memory size is that of the card&apos;s window on the PCI bus (resizable BAR).</source>
        <translation>显存大小取自显卡在 PCI 总线上的窗口（可调整大小的 BAR）。</translation>
    </message>
    <message>
        <source>Only the engine knows of this GPU.</source>
        <translation>只有引擎认识这块 GPU。</translation>
    </message>
    <message>
        <source>Only NVIDIA&apos;s stub library for building programs was found, not the driver&apos;s.</source>
        <translation>只找到 NVIDIA 用于编译程序的桩库，没有找到驱动的库。</translation>
    </message>
    <message>
        <source>The NVIDIA driver is there, but it has no GPU.</source>
        <translation>NVIDIA 驱动存在，但没有 GPU。</translation>
    </message>
    <message>
        <source>The system does not let this user ask this GPU.</source>
        <translation>系统不允许该用户查询这块 GPU。</translation>
    </message>
    <message>
        <source>The GPU&apos;s power cables are not connected properly.</source>
        <translation>GPU 的供电线没有接好。</translation>
    </message>
    <message>
        <source>The driver did not answer in time.</source>
        <translation>驱动没有及时回应。</translation>
    </message>
    <message>
        <source>The driver has an interrupt problem with this GPU.</source>
        <translation>驱动与这块 GPU 之间存在中断问题。</translation>
    </message>
    <message>
        <source>The GPU&apos;s information memory (infoROM) is damaged; the GPU itself works.</source>
        <translation>GPU 的信息存储器（infoROM）已损坏；GPU 本身可以工作。</translation>
    </message>
    <message>
        <source>The GPU is lost: it fell off the bus, was unplugged, or is powered down.</source>
        <translation>GPU 已失联：它从总线上脱落、被拔出，或已断电。</translation>
    </message>
    <message>
        <source>The GPU needs a reset or a reboot before it can compute again.</source>
        <translation>GPU 需要重置或重启电脑后才能继续计算。</translation>
    </message>
    <message>
        <source>The operating system blocks access to this GPU.</source>
        <translation>操作系统阻止访问这块 GPU。</translation>
    </message>
    <message>
        <source>The GPU is in use by something that does not share it.</source>
        <translation>GPU 正被不肯共享的程序占用。</translation>
    </message>
    <message>
        <source>The driver ran out of memory.</source>
        <translation>驱动的内存已用尽。</translation>
    </message>
    <message>
        <source>The driver answers with an unknown error for this GPU.</source>
        <translation>驱动对这块 GPU 返回未知错误。</translation>
    </message>
    <message>
        <source>No NVIDIA driver library (NVML) is installed.</source>
        <translation>没有安装 NVIDIA 驱动库（NVML）。</translation>
    </message>
    <message>
        <source>The installed pynvml package is too old or another one.</source>
        <translation>已安装的 pynvml 包太旧，或者不是所需的那个。</translation>
    </message>
    <message>
        <source>The NVIDIA kernel driver is not loaded.</source>
        <translation>NVIDIA 内核驱动没有加载。</translation>
    </message>
    <message>
        <source>The NVIDIA driver was updated, but the old one is still running in the kernel.</source>
        <translation>NVIDIA 驱动已更新，但内核中仍在运行旧驱动。</translation>
    </message>
    <message>
        <source>This user may not use the NVIDIA driver.</source>
        <translation>该用户不能使用 NVIDIA 驱动。</translation>
    </message>
    <message>
        <source>The operating system blocks the NVIDIA device files.</source>
        <translation>操作系统阻止访问 NVIDIA 设备文件。</translation>
    </message>
    <message>
        <source>The NVIDIA driver answers with an unknown error.</source>
        <translation>NVIDIA 驱动返回未知错误。</translation>
    </message>
    <message>
        <source>The NVIDIA driver does not start: {text} ({code}).</source>
        <translation>NVIDIA 驱动无法启动：{text}（{code}）。</translation>
    </message>
    <message>
        <source>NVML answers: {text} ({code}).</source>
        <translation>NVML 返回：{text}（{code}）。</translation>
    </message>
    <message>
        <source>The driver reports no memory size for this GPU.</source>
        <translation>驱动没有报告这块 GPU 的显存大小。</translation>
    </message>
    <message>
        <source>The driver reports memory numbers that contradict each other.</source>
        <translation>驱动报告的显存数字互相矛盾。</translation>
    </message>
    <message>
        <source>The Python package nvidia-ml-py is not installed, so NVIDIA&apos;s driver is not asked.</source>
        <translation>没有安装 Python 包 nvidia-ml-py，因此不查询 NVIDIA 驱动。</translation>
    </message>
    <message>
        <source>The Python package nvidia-ml-py is not installed.</source>
        <translation>没有安装 Python 包 nvidia-ml-py。</translation>
    </message>
    <message>
        <source>The Python package amdsmi is not installed.</source>
        <translation>没有安装 Python 包 amdsmi。</translation>
    </message>
    <message>
        <source>No answer within {seconds:.0f} seconds; given up.</source>
        <translation>{seconds:.0f} 秒内没有回应，已放弃。</translation>
    </message>
    <message>
        <source>Its disk or network folder does not answer.</source>
        <translation>所在的磁盘或网络文件夹没有回应。</translation>
    </message>
    <message>
        <source>Unfinished download {hash}</source>
        <translation>未完成的下载 {hash}</translation>
    </message>
    <message>
        <source>Unfinished download</source>
        <translation>未完成的下载</translation>
    </message>
    <message>
        <source>predicted {predicted} / measured {measured}</source>
        <translation>预测 {predicted} / 实测 {measured}</translation>
    </message>
    <message>
        <source>nominal figure of a widely copied page</source>
        <translation>某个被广泛转载的页面给出的名义数字</translation>
    </message>
    <message>
        <source>The memory bandwidth of {name} is unknown; {typical:.0f} GB/s is assumed.</source>
        <translation>{name} 的内存带宽未知，按 {typical:.0f} GB/s 计算。</translation>
    </message>
    <message>
        <source>The computing power of {name} is unknown; what cards of its memory bandwidth usually have is assumed.</source>
        <translation>{name} 的算力未知，按同等显存带宽的显卡通常具有的算力计算。</translation>
    </message>
    <message>
        <source>Weights that are read from disk make the speed hard to foresee.</source>
        <translation>有权重要从磁盘读取，速度难以预测。</translation>
    </message>
    <message>
        <source>With experts in RAM the Vulkan engine was measured on a single machine only.</source>
        <translation>专家放在内存时，Vulkan 引擎只在一台机器上实测过。</translation>
    </message>
    <message>
        <source>For prompts the weights go from RAM to the graphics card; how fast was not measured.</source>
        <translation>读取提示词时权重要从内存传到显卡，传输速度没有实测。</translation>
    </message>
    <message>
        <source>How fast the processor reads prompts was not measured.</source>
        <translation>处理器读取提示词的速度没有实测。</translation>
    </message>
    <message>
        <source>config.json of GLM-4.7 (the same architecture and dimensions), checked against the metadata of GLM-4.6&apos;s GGUF files</source>
        <translation>GLM-4.7 的 config.json（架构和维度相同），并与 GLM-4.6 的 GGUF 文件元数据核对</translation>
    </message>
    <message>
        <source>READMEs of github.com/zai-org/GLM-4.5 and /GLM-5, model cards, models.dev</source>
        <translation>github.com/zai-org/GLM-4.5 和 /GLM-5 的 README、模型卡、models.dev</translation>
    </message>
    <message>
        <source>computed from the dimensions and checked against the total that llama.cpp prints</source>
        <translation>根据维度计算，并与 llama.cpp 显示的总数核对</translation>
    </message>
    <message>
        <source>config.json files and load logs of llama.cpp</source>
        <translation>config.json 文件和 llama.cpp 的加载日志</translation>
    </message>
    <message>
        <source>metadata of GLM-5.2&apos;s GGUF files, model card of Deviad/GLM-5.2-mixed</source>
        <translation>GLM-5.2 的 GGUF 文件元数据、Deviad/GLM-5.2-mixed 的模型卡</translation>
    </message>
    <message>
        <source>pull request 27754 of llama.cpp</source>
        <translation>llama.cpp 的 27754 号拉取请求</translation>
    </message>
    <message>
        <source>the model card of zai-org/GLM-4.6, as docs.unsloth.ai quotes it</source>
        <translation>zai-org/GLM-4.6 的模型卡，转引自 docs.unsloth.ai</translation>
    </message>
    <message>
        <source>Z.ai&apos;s model cards and docs.unsloth.ai</source>
        <translation>Z.ai 的模型卡和 docs.unsloth.ai</translation>
    </message>
    <message>
        <source>z.ai/blog/glm-4.6 as recorded in JonathanChavezTamales/llm-leaderboard@24a9ccf, and the model card of GLM-4.7, which agree</source>
        <translation>JonathanChavezTamales/llm-leaderboard@24a9ccf 中记录的 z.ai/blog/glm-4.6，以及 GLM-4.7 的模型卡，两者一致</translation>
    </message>
    <message>
        <source>the makers&apos; launch numbers in JonathanChavezTamales/llm-leaderboard@24a9ccf; harnesses differ</source>
        <translation>JonathanChavezTamales/llm-leaderboard@24a9ccf 中开发者发布时的数字；测试框架不尽相同</translation>
    </message>
    <message>
        <source>Artificial Analysis, as in pull request 28 of the model&apos;s repository</source>
        <translation>Artificial Analysis，取自模型仓库的 28 号拉取请求</translation>
    </message>
    <message>
        <source>a widely copied page about GLM-4.6; it does not say how the figures were measured</source>
        <translation>一个被广泛转载的 GLM-4.6 介绍页面；其中没有说明数字是怎样测得的</translation>
    </message>
    <message>
        <source>aiwiki.ai/wiki/glm_4_6 and Z.ai&apos;s blog</source>
        <translation>aiwiki.ai/wiki/glm_4_6 和 Z.ai 的博客</translation>
    </message>
    <message>
        <source>huggingface.co/collections/zai-org/glm-46</source>
        <translation>huggingface.co/collections/zai-org/glm-46</translation>
    </message>
    <message>
        <source>A large open model for conversation, code and work with tools, which can think before it answers. A mixture of experts: each token uses about a tenth of its weights, so that it runs with the experts in RAM.</source>
        <translation>一个开放的大模型，适合对话、编程和使用工具，可以先思考再回答。它是混合专家模型：每个 token 只用到约十分之一的权重，因此可以把专家放在内存里运行。</translation>
    </message>
    <message>
        <source>chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>coding</source>
        <translation>编程</translation>
    </message>
    <message>
        <source>reasoning</source>
        <translation>推理</translation>
    </message>
    <message>
        <source>tool use</source>
        <translation>工具调用</translation>
    </message>
    <message>
        <source>mixture of experts</source>
        <translation>混合专家</translation>
    </message>
    <message>
        <source>general</source>
        <translation>通用</translation>
    </message>
    <message>
        <source>code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>A widely copied page gives it 12B active parameters. That is GLM-4.5-Air; Z.ai&apos;s own table says 32B.</source>
        <translation>一个被广泛转载的页面说它的激活参数是 12B。那是 GLM-4.5-Air 的数字；Z.ai 自己的表格写的是 32B。</translation>
    </message>
    <message>
        <source>One of its 93 blocks predicts further tokens (MTP). It is in the file and is not loaded.</source>
        <translation>它的 93 个块中有一个用于预测后续 token（MTP）。这个块在文件中，但不加载。</translation>
    </message>
    <message>
        <source>Model card</source>
        <translation>模型卡</translation>
    </message>
    <message>
        <source>Technical report (GLM-4.5)</source>
        <translation>技术报告（GLM-4.5）</translation>
    </message>
    <message>
        <source>Blog</source>
        <translation>博客</translation>
    </message>
    <message>
        <source>Its makers, with thinking</source>
        <translation>开发者，开启思考</translation>
    </message>
    <message>
        <source>98.6% with tools</source>
        <translation>使用工具时 98.6%</translation>
    </message>
    <message>
        <source>30.4% with tools</source>
        <translation>使用工具时 30.4%</translation>
    </message>
    <message>
        <source>24.5% in version 2.0</source>
        <translation>2.0 版为 24.5%</translation>
    </message>
    <message>
        <source>Independent, without thinking</source>
        <translation>独立测试，不思考</translation>
    </message>
    <message>
        <source>LiveCodeBench, version not stated</source>
        <translation>LiveCodeBench，未说明版本</translation>
    </message>
    <message>
        <source>A widely copied page, not stated how</source>
        <translation>被广泛转载的页面，未说明测法</translation>
    </message>
    <message>
        <source>AIME, year not stated</source>
        <translation>AIME，未说明年份</translation>
    </message>
    <message>
        <source>GPQA</source>
        <translation>GPQA</translation>
    </message>
    <message>
        <source>The model before GLM-4.6, of the same size. It was trained for a shorter context.</source>
        <translation>GLM-4.6 的上一代，大小相同，训练时的上下文较短。</translation>
    </message>
    <message>
        <source>2407 to 2501</source>
        <translation>2407 至 2501</translation>
    </message>
    <message>
        <source>A third of the size of GLM-4.5, with the same abilities and less knowledge. In 3 to 5 bits per weight its files have 50 to 80 GB.</source>
        <translation>大小是 GLM-4.5 的三分之一，能力相同，知识较少。每权重 3 至 5 位时，文件为 50 至 80 GB。</translation>
    </message>
    <message>
        <source>The 12B active parameters that are often said of GLM-4.6 are this model&apos;s.</source>
        <translation>常被说成是 GLM-4.6 的 12B 激活参数，其实是这个模型的。</translation>
    </message>
    <message>
        <source>GLM-4.5-Air&apos;s size, and it reads pictures. The part for pictures is a second file (mmproj) that this program does not use yet.</source>
        <translation>大小与 GLM-4.5-Air 相同，还能看图。看图的部分在第二个文件（mmproj）里，本程序目前还不使用它。</translation>
    </message>
    <message>
        <source>vision</source>
        <translation>视觉</translation>
    </message>
    <message>
        <source>Files from before m-rope was supported stop with a request to convert them again.</source>
        <translation>在支持 m-rope 之前制作的文件会中止，并要求重新转换。</translation>
    </message>
    <message>
        <source>A small dense model that reads pictures. The part for pictures is a second file (mmproj) that this program does not use yet.</source>
        <translation>一个能看图的小型稠密模型。看图的部分在第二个文件（mmproj）里，本程序目前还不使用它。</translation>
    </message>
    <message>
        <source>dense</source>
        <translation>稠密</translation>
    </message>
    <message>
        <source>The successor of GLM-4.6, with the same dimensions: what fits for the one fits for the other. Better at code and at work with tools.</source>
        <translation>GLM-4.6 的后继，维度相同：能放下前者的机器也能放下它。更擅长编程和使用工具。</translation>
    </message>
    <message>
        <source>code with agents</source>
        <translation>智能体编程</translation>
    </message>
    <message>
        <source>42.8% with tools</source>
        <translation>使用工具时 42.8%</translation>
    </message>
    <message>
        <source>A small mixture of experts that is quick on ordinary computers. It loses much below 5 bits per weight.</source>
        <translation>一个小型混合专家模型，在普通电脑上也很快。低于每权重 5 位时损失很大。</translation>
    </message>
    <message>
        <source>compressed (MLA)</source>
        <translation>压缩（MLA）</translation>
    </message>
    <message>
        <source>Files made before 21 January 2026 use the wrong gating and answer badly.</source>
        <translation>2026 年 1 月 21 日之前制作的文件使用了错误的门控，回答质量很差。</translation>
    </message>
    <message>
        <source>A dense model of the generation before: every weight is read for every token. Fits a card of 24 GB in 4 bits.</source>
        <translation>上一代的稠密模型：每个 token 都要读取全部权重。4 位时能放进 24 GB 的显卡。</translation>
    </message>
    <message>
        <source>The small dense model of the generation before. Runs on nearly every computer.</source>
        <translation>上一代的小型稠密模型，几乎在任何电脑上都能运行。</translation>
    </message>
    <message>
        <source>Twice the size of GLM-4.7, for long work with tools. Its attention looks at a choice of earlier tokens only.</source>
        <translation>大小是 GLM-4.7 的两倍，适合长时间使用工具的任务。它的注意力只看一部分选出的先前 token。</translation>
    </message>
    <message>
        <source>compressed (MLA), sparse (2,048 tokens chosen by an index)</source>
        <translation>压缩（MLA），稀疏（由索引选出 2,048 个 token）</translation>
    </message>
    <message>
        <source>Some sources give 11 February 2026 as its day.</source>
        <translation>有的来源说它的发布日期是 2026 年 2 月 11 日。</translation>
    </message>
    <message>
        <source>With the MTP layer it has 754B parameters.</source>
        <translation>算上 MTP 层，它有 754B 参数。</translation>
    </message>
    <message>
        <source>Technical report</source>
        <translation>技术报告</translation>
    </message>
    <message>
        <source>The dimensions of GLM-5, released two months later.</source>
        <translation>维度与 GLM-5 相同，晚两个月发布。</translation>
    </message>
    <message>
        <source>GLM-5 with a context of a million tokens. How hard it thinks can be chosen.</source>
        <translation>上下文达一百万 token 的 GLM-5，可以选择思考的强度。</translation>
    </message>
    <message>
        <source>The newest large model of the family. It always thinks; how hard can be chosen.</source>
        <translation>这个系列最新的大模型。它总是先思考，强度可以选择。</translation>
    </message>
    <message>
        <source>Smaller than GLM-5.3 and multimodal, with little memory for its context. The installed engine may not know its architecture yet.</source>
        <translation>比 GLM-5.3 小，支持多模态，上下文占用的内存很少。已安装的引擎可能还不认识它的架构。</translation>
    </message>
    <message>
        <source>linear in 34 layers, compressed (MLA) in 11</source>
        <translation>34 层为线性，11 层为压缩（MLA）</translation>
    </message>
    <message>
        <source>This model&apos;s chat template knows nothing of thinking.</source>
        <translation>这个模型的聊天模板不支持思考。</translation>
    </message>
    <message>
        <source>This model always thinks: its chat template has no switch.</source>
        <translation>这个模型总是思考：它的聊天模板没有开关。</translation>
    </message>
    <message>
        <source>This model&apos;s chat template takes no system prompt.</source>
        <translation>这个模型的聊天模板不接受系统提示词。</translation>
    </message>
    <message>
        <source>This model&apos;s chat template does not let the reasoning of earlier turns stay.</source>
        <translation>这个模型的聊天模板不保留先前回答中的思考。</translation>
    </message>
    <message>
        <source>This model&apos;s thinking has no end that the program knows.</source>
        <translation>程序不知道这个模型的思考以什么结束。</translation>
    </message>
    <message>
        <source>This model&apos;s chat template offers no tools.</source>
        <translation>这个模型的聊天模板不提供工具。</translation>
    </message>
    <message>
        <source>This model&apos;s chat template takes no tool results.</source>
        <translation>这个模型的聊天模板不接受工具结果。</translation>
    </message>
    <message>
        <source>The way in which this model calls tools is not supported.</source>
        <translation>不支持这个模型调用工具的方式。</translation>
    </message>
</context>
</TS>
