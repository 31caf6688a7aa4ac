package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node/web"
	"hearsay/topics"
)

// The scripts need nothing but their shell. The program itself knows what may come next.
const bashCompletion = `_hearsay() {
  local cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]:0:COMP_CWORD}")
  [[ $cur != = ]] || cur=
  [[ ${words[COMP_CWORD-1]} != = ]] || unset "words[COMP_CWORD-1]"
  [[ $cur == -- ]] && words+=(-) || [[ $cur != -* ]] || words+=("$cur")
  COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
}
complete -o default -F _hearsay hearsay
`

const zshCompletion = `#compdef hearsay
_hearsay() {
  local -a opts
  local cur=${words[CURRENT]}
  if [[ "$cur" == -* ]]; then
    opts=("${(@f)$(${words[1,CURRENT-1]} ${cur/#%--/-} --generate-bash-completion 2>/dev/null)}")
  else
    opts=("${(@f)$(env 0=zsh ${words[1,CURRENT-1]} --generate-bash-completion 2>/dev/null)}")
  fi
  if [[ -n "${opts[1]}" ]]; then
    _describe 'values' opts
  else
    _files
  fi
}
compdef _hearsay hearsay
`

const fishCompletion = `function __hearsay
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    string match -q -- '-*' $cur; and set -a words (string replace -r '^--$' '-' -- $cur)
    $words --generate-bash-completion 2>/dev/null
end
complete -c hearsay -f -a '(__hearsay)'
complete -c hearsay -n '__fish_prev_arg_in --state-dir --config --mesh-key --key --authorized-keys --http-cert --http-key --http-token --token-file --ca --dir --plot --trace' -F
`

const completionFlag = "--generate-bash-completion"

// isBehindArguments reports whether a shell asks what may stand behind "--". Nothing is offered there, and what is asked with
// would be an argument: a message, maybe.
func isBehindArguments(args []string) bool {
	return len(args) > 0 && args[len(args)-1] == completionFlag && slices.Contains(args, "--")
}

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the script that lets a shell complete commands, flags and names of peers",
		ArgsUsage: "bash|zsh|fish",
		Description: "  bash   source <(hearsay completion bash)              in ~/.bashrc\n" +
			"  zsh    source <(hearsay completion zsh)               in ~/.zshrc, after compinit\n" +
			"  fish   hearsay completion fish | source               in ~/.config/fish/config.fish",
		BashComplete: func(c *cli.Context) { fmt.Fprintln(c.App.Writer, "bash\nzsh\nfish") },
		Action: func(c *cli.Context) error {
			scripts := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}
			script := scripts[c.Args().First()]
			if c.NArg() != 1 || script == "" {
				return usagef("completion takes the name of a shell: bash, zsh or fish")
			}
			_, err := io.WriteString(c.App.Writer, script)
			return err
		},
	}
}

// channels are those that the node receives. Whatever goes wrong, there is nothing to offer.
func channels(c *cli.Context) []string {
	ctx, cancel := context.WithTimeout(c.Context, completeTimeout)
	defer cancel()
	cl, err := newClient(c)
	if err != nil {
		return nil
	}
	var status web.Status
	if _, err := cl.get(ctx, "/v1/status", &status); err != nil {
		return nil
	}
	return slices.DeleteFunc(status.Channels, func(channel string) bool {
		_, err := topics.ChannelTopic(channel)
		return err != nil || strings.ContainsAny(channel, "`$\\\"'(){}[]<>|&;*?!#~ ") // a shell is told nothing that it could obey
	})
}

// completeTimeout is for names of peers: a person who presses Tab does not wait.
const completeTimeout = 2 * time.Second

// completePeers prints the names of the node's peers, or flags.
func completePeers(c *cli.Context) {
	if len(os.Args) > 2 && strings.HasPrefix(os.Args[len(os.Args)-2], "-") {
		cli.DefaultCompleteWithFlags(c.Command)(c)
		return
	}
	for _, name := range peerNames(c) {
		fmt.Fprintln(c.App.Writer, name)
	}
}

// peerNames are those that the node knows. Whatever goes wrong, there is nothing to offer.
func peerNames(c *cli.Context) (out []string) {
	ctx, cancel := context.WithTimeout(c.Context, completeTimeout)
	defer cancel()
	cl, err := newClient(c)
	if err != nil {
		return nil
	}
	var all web.Members
	if _, err := cl.get(ctx, "/v1/members", &all); err != nil {
		return nil
	}
	for _, m := range all.Members {
		if _, err := topics.ParseName(string(m.Name)); err != nil {
			continue // what answers is no node: a shell is told nothing that it could obey
		}
		out = append(out, string(m.Name))
	}
	return out
}
