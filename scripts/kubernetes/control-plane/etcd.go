package main

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
)

// runEtcd serves one member on two addresses until SIGTERM. It does not sync to disk: what it holds is thrown away.
func runEtcd(args []string) int {
	flags := flag.NewFlagSet("etcd", flag.ExitOnError)
	dir := flags.String("data-dir", "", "folder of the data")
	client := flags.String("listen", "", "address for clients")
	peer := flags.String("peer", "", "address for peers")
	_ = flags.Parse(args)
	server, err := embed.StartEtcd(etcdConfig(*dir, *client, *peer))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer server.Close()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-stop:
		return 0
	case err = <-server.Err():
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
}

func etcdConfig(dir, client, peer string) *embed.Config {
	config := embed.NewConfig()
	config.Name = "default"
	config.Dir = dir
	clients, peers := []url.URL{parsed(client)}, []url.URL{parsed(peer)}
	config.ListenClientUrls, config.AdvertiseClientUrls = clients, clients
	config.ListenPeerUrls, config.AdvertisePeerUrls = peers, peers
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.UnsafeNoFsync = true
	config.LogLevel = "error"
	return config
}

func parsed(address string) url.URL {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" {
		fmt.Fprintf(os.Stderr, "not an address: %q\n", address)
		os.Exit(2)
	}
	return *at
}
